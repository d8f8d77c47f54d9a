"""Where a plugin's files come from: the user's `--from`, or a download."""

from __future__ import annotations

import hashlib
import http.server
import threading

import pytest

from genharness import DataError, DatasetSpec, Remote
from genharness.data import ArrayWriter, PrepareRequest, parse_reference

CONTENT = b"the official content"
REMOTE = Remote(filename="data.bin", urls=(), md5=hashlib.md5(CONTENT).hexdigest())


@pytest.fixture
def request_from(tmp_path):
    def make(source, remote=REMOTE):
        spec = DatasetSpec(name="toy", summary="", factory="x:y", remotes=(remote,))
        reference = parse_reference("toy")
        return PrepareRequest(spec, reference, source, ArrayWriter(tmp_path, reference))

    return make


@pytest.mark.parametrize("place", ["data.bin", "raw/deep/data.bin"])
def test_a_folder_is_searched(tmp_path, request_from, place):
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CONTENT)
    assert request_from(tmp_path).fetch(REMOTE) == path


def test_the_file_itself_may_have_any_name(tmp_path, request_from):
    path = tmp_path / "renamed"
    path.write_bytes(CONTENT)
    assert request_from(path).fetch(REMOTE) == path


def test_of_two_files_of_one_name_the_right_one_is_taken(tmp_path, request_from):
    for name, content in (("a", b"other data set"), ("b", CONTENT)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data.bin").write_bytes(content)
    assert request_from(tmp_path).fetch(REMOTE) == tmp_path / "b" / "data.bin"


def test_a_wrong_checksum_is_named(tmp_path, request_from):
    (tmp_path / "data.bin").write_bytes(b"something else")
    with pytest.raises(DataError, match=rf"data\.bin has md5 {hashlib.md5(b'something else').hexdigest()}, not"):
        request_from(tmp_path).fetch(REMOTE)


def test_another_form_of_the_content_may_be_accepted(tmp_path, request_from):
    path = tmp_path / "data"
    path.write_bytes(CONTENT[::-1])
    found = request_from(tmp_path).fetch(REMOTE, also=["data"], accept=lambda p: p.read_bytes()[::-1] == CONTENT)
    assert found == path


def test_what_is_missing_is_named(tmp_path, request_from):
    with pytest.raises(DataError, match=r"data\.bin is not in"):
        request_from(tmp_path).fetch(REMOTE)
    with pytest.raises(DataError, match="does not exist"):
        request_from(tmp_path / "nowhere").fetch(REMOTE)


def test_without_from_it_is_downloaded_and_reported(tmp_path, request_from):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        remote = Remote(filename="data.bin", urls=(f"http://127.0.0.1:{server.server_port}/data.bin",), md5=REMOTE.md5)
        said = []
        request = request_from(None, remote)
        request = PrepareRequest(request.spec, request.reference, None, request.writer, lambda *news: said.append(news))
        assert request.fetch(remote).read_bytes() == CONTENT
        server.shutdown()
    assert said[-1] == (len(CONTENT), len(CONTENT), "downloading data.bin")
