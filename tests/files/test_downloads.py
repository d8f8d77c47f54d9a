import errno
import hashlib
import io
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from genharness import DataError, PluginError, Remote
from genharness.files.downloads import download, in_words

BODY = bytes(range(256)) * 4096  # 1 MiB, several chunks
SHA256 = hashlib.sha256(BODY).hexdigest()


@dataclass
class Page:
    """What one path answers; each of `cuts` drops one response after so many bytes."""

    body: bytes = BODY
    status: int = 200
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    length: bool | str = True
    redirect: str = ""


class Site(ThreadingHTTPServer):
    """A local server that misbehaves on request and remembers the ranges it was asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = {}
        self.asked = []

    def url(self, path):
        return f"http://127.0.0.1:{self.server_port}{path}"


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        page, wanted = self.server.pages.get(self.path, Page(body=b"", status=404)), self.headers.get("Range", "")
        self.server.asked.append(wanted)
        resumes = wanted and page.ranges and page.status == 200
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if resumes else 0
        if start and start >= len(page.body):
            return self._head(416, {"Content-Length": "0"})
        body = page.body[start:]
        length = str(len(body)) if page.length is True else page.length
        headers = {"Content-Length": length} if length else {}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(page.body) - 1}/{len(page.body)}"
        if page.redirect:
            headers["Location"] = page.redirect
        self._head(206 if start else page.status, headers)
        self.wfile.write(body[: page.cuts.pop(0)] if page.cuts else body)
        self.close_connection = True
        return None

    def _head(self, status, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


@pytest.fixture
def site():
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _remote(*urls, **facts):
    return Remote(filename="file.bin", urls=urls, **({"sha256": SHA256} | facts))


def _kept(folder):
    """What a user finds in the folder, locks aside."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_a_file_arrives_whole_and_its_growth_is_told(site, tmp_path):
    site.pages["/a"] = Page()
    seen = []
    path = download(_remote(site.url("/a")), tmp_path / "new", lambda done, total: seen.append((done, total)))
    assert path == tmp_path / "new" / "file.bin"
    assert path.read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY))
    assert seen == sorted(seen)
    assert _kept(path.parent) == ["file.bin"]


def test_a_file_that_is_right_already_costs_no_request(site, tmp_path):
    (tmp_path / "file.bin").write_bytes(BODY)
    download(_remote(site.url("/a")), tmp_path)
    assert site.asked == []


def test_a_file_that_is_wrong_is_replaced(site, tmp_path):
    site.pages["/a"] = Page()
    (tmp_path / "file.bin").write_bytes(b"old")
    assert download(_remote(site.url("/a")), tmp_path).read_bytes() == BODY


def test_md5_serves_where_there_is_no_sha256(site, tmp_path):
    site.pages["/a"] = Page()
    facts = {"sha256": "", "md5": hashlib.md5(BODY).hexdigest().upper()}
    assert download(_remote(site.url("/a"), **facts), tmp_path).read_bytes() == BODY


def test_a_checksum_mismatch_names_both_and_leaves_nothing(site, tmp_path):
    site.pages["/a"] = Page(body=b"a login page")
    other = hashlib.sha256(b"a login page").hexdigest()
    with pytest.raises(DataError, match=f"has sha256 {other}, not {SHA256}"):
        download(_remote(site.url("/a")), tmp_path)
    assert _kept(tmp_path) == []
    assert len(site.asked) == 1


@pytest.mark.parametrize("address", ["file://{path}", "FILE://{path}", "ftp://localhost/{path}", "{path}"])
def test_only_addresses_of_the_web_are_opened(tmp_path, address):
    (tmp_path / "secret").write_bytes(BODY)
    remote = Remote(filename="fetched", urls=(address.format(path=tmp_path / "secret"),), sha256=SHA256)
    with pytest.raises(DataError, match="it is no address of the web"):
        download(remote, tmp_path / "downloads")
    assert not (tmp_path / "downloads" / "fetched").exists()


def test_404_and_a_wrong_file_lead_to_the_next_mirror(site, tmp_path):
    site.pages |= {"/wrong": Page(body=b"wrong"), "/right": Page()}
    urls = [site.url(path) for path in ("/missing", "/wrong", "/right")]
    assert download(_remote(*urls), tmp_path).read_bytes() == BODY


def test_a_redirect_is_followed_with_its_range(site, tmp_path):
    site.pages |= {"/a": Page(body=b"", status=302, redirect="/b"), "/b": Page(cuts=[1000])}
    assert download(_remote(site.url("/a")), tmp_path).read_bytes() == BODY
    assert site.asked == ["", "", "bytes=1000-", "bytes=1000-"]


def test_every_mirror_that_failed_is_named_with_its_reason_in_one_line(site, tmp_path):
    urls = [site.url("/gone"), site.url("/gone-too")]
    with pytest.raises(DataError) as raised:
        download(_remote(*urls), tmp_path)
    message = str(raised.value)
    assert all(f"{url}: HTTP 404 Not Found" in message for url in urls)
    assert f"put file.bin (sha256 {SHA256}) at {tmp_path / 'file.bin'}, or pass --from PATH" in message
    assert "\n" not in message


def test_a_cut_is_resumed_from_its_last_byte(site, tmp_path):
    site.pages["/a"] = Page(cuts=[300_000, 300_000])
    assert download(_remote(site.url("/a")), tmp_path).read_bytes() == BODY
    assert site.asked == ["", "bytes=300000-", "bytes=600000-"]


def test_a_later_call_resumes_what_an_earlier_one_left(site, tmp_path):
    site.pages["/a"] = Page()
    (tmp_path / "file.bin.part").write_bytes(BODY[:1000])
    assert download(_remote(site.url("/a")), tmp_path).read_bytes() == BODY
    assert site.asked == ["bytes=1000-"]


def test_a_part_that_is_complete_already_is_published(site, tmp_path):
    site.pages["/a"] = Page()
    (tmp_path / "file.bin.part").write_bytes(BODY)
    assert download(_remote(site.url("/a")), tmp_path).read_bytes() == BODY
    assert _kept(tmp_path) == ["file.bin"]


@pytest.mark.parametrize("stale", [b"other bytes", BODY + b"too long"])
def test_a_part_of_another_file_is_thrown_away(site, tmp_path, stale):
    site.pages["/a"] = Page()
    (tmp_path / "file.bin.part").write_bytes(stale)
    assert download(_remote(site.url("/a")), tmp_path).read_bytes() == BODY
    assert site.asked[-1] == ""


def test_a_server_without_ranges_starts_again_cleanly(site, tmp_path):
    site.pages["/a"] = Page(ranges=False, cuts=[300_000])
    assert download(_remote(site.url("/a")), tmp_path).read_bytes() == BODY
    assert site.asked == ["", "bytes=300000-"]


def test_an_endlessly_truncated_body_gives_up_and_keeps_its_part(site, tmp_path):
    site.pages["/a"] = Page(cuts=[1000] * 99)
    with pytest.raises(DataError, match=r"the connection ended after 5,000 of 1,048,576 bytes"):
        download(_remote(site.url("/a")), tmp_path)
    assert _kept(tmp_path) == ["file.bin.part"]
    assert (tmp_path / "file.bin.part").read_bytes() == BODY[:5000]


def test_the_next_mirror_goes_on_from_a_cut(site, tmp_path):
    site.pages |= {"/a": Page(cuts=[1000, 0, 0, 0, 0]), "/b": Page()}
    assert download(_remote(site.url("/a"), site.url("/b")), tmp_path).read_bytes() == BODY
    assert site.asked[-1] == "bytes=1000-"


def test_without_a_length_the_promised_size_is_what_progress_counts_to(site, tmp_path):
    site.pages["/a"] = Page(length=False)
    seen = []
    remote = _remote(site.url("/a"), size=len(BODY))
    assert download(remote, tmp_path, lambda done, total: seen.append(total)).read_bytes() == BODY
    assert set(seen) == {len(BODY)}


def test_without_a_length_a_body_shorter_than_the_promised_size_was_cut(site, tmp_path):
    site.pages["/a"] = Page(length=False, cuts=[300_000])
    assert download(_remote(site.url("/a"), size=len(BODY)), tmp_path).read_bytes() == BODY
    assert site.asked == ["", "bytes=300000-"]


def test_an_impossible_length_or_address_leads_to_the_next_mirror(site, tmp_path):
    site.pages |= {"/odd": Page(length="abc"), "/right": Page()}
    urls = [site.url("/odd"), "http://[::/x", "no-address", site.url("/right")]
    assert download(_remote(*urls), tmp_path / "right").read_bytes() == BODY
    with pytest.raises(DataError, match=r"'abc' as the length of the file; http://\[::/x: Invalid IPv6 URL"):
        download(_remote(*urls[:3]), tmp_path / "wrong")


def test_what_a_server_says_is_told_in_one_line(site, tmp_path):
    site.pages["/loop"] = Page(body=b"", status=302, redirect="/loop")
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = threading.Thread(target=_answer_garbage, args=(server,))
        answer.start()
        garbage = f"http://127.0.0.1:{server.getsockname()[1]}/a"
        with pytest.raises(DataError, match=r"infinite loop.*nonsense") as raised:
            download(_remote(site.url("/loop"), garbage), tmp_path)
        answer.join()
    assert "\n" not in str(raised.value)


def _answer_garbage(server):
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"nonsense\r\n\r\n")


def test_progress_in_words_tells_tenths():
    lines = []
    progress = in_words(lines.append, "file.bin")
    for done in range(0, 101):
        progress(done << 20, 100 << 20)
    assert len(lines) == 11
    assert lines[0] == "downloading file.bin: 0 of 100 MiB"
    assert lines[-1] == "downloading file.bin: 100 of 100 MiB"


def test_progress_in_words_of_an_unknown_size_tells_every_64_mib():
    lines = []
    progress = in_words(lines.append, "file.bin")
    for done in range(0, 129):
        progress(done << 20, 0)
    assert lines == [f"downloading file.bin: {done} of ? MiB" for done in (0, 64, 128)]


def test_no_network_is_one_line_that_says_where_to_put_the_file(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/a"
        with pytest.raises(DataError) as raised:
            download(_remote(url), tmp_path, instead="--weights PATH")
    put = f"put file.bin (sha256 {SHA256}) at {tmp_path / 'file.bin'}, or pass --weights PATH"
    assert str(raised.value).startswith(f"no network: {put}")
    assert "\n" not in str(raised.value)


def test_a_silent_server_is_given_up_after_the_timeout(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a"
        with pytest.raises(DataError, match=r"^file\.bin could not be downloaded: .*timed out"):
            download(_remote(url), tmp_path, timeout_seconds=0.2)


def test_a_file_without_addresses_must_be_brought(tmp_path):
    with pytest.raises(DataError, match=r"file\.bin has no public address: put file\.bin"):
        download(_remote(), tmp_path)


def test_a_record_without_checksum_is_the_plugins_mistake(tmp_path):
    with pytest.raises(PluginError, match=r"no checksum is given for file\.bin"):
        download(_remote("http://127.0.0.1:9/a", sha256=""), tmp_path)


def test_an_interruption_keeps_the_part(site, tmp_path):
    site.pages["/a"] = Page()

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(_remote(site.url("/a")), tmp_path, interrupt)
    assert _kept(tmp_path) == ["file.bin.part"]


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (errno.ENOSPC, "disk full while downloading"),
        (errno.EACCES, "no permission to write"),
        (errno.EROFS, "no permission to write"),
        (errno.EIO, "could not be written"),
    ],
)
def test_what_the_disk_refuses_is_one_line_with_the_file_and_the_next_step(site, tmp_path, monkeypatch, number, line):
    site.pages["/a"] = Page()
    real_open = Path.open

    class Refusing(io.FileIO):
        def write(self, data):
            raise OSError(number, "refused")

    def open_part(self, mode="r"):
        return Refusing(self, "w") if self.suffix == ".part" and mode == "wb" else real_open(self, mode)

    monkeypatch.setattr(Path, "open", open_part)
    with pytest.raises(DataError, match=line) as raised:
        download(_remote(site.url("/a")), tmp_path)
    assert str(tmp_path / "file.bin") in str(raised.value)
    assert "GENHARNESS_HOME" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "file.bin").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "a-file").write_text("")
    with pytest.raises(DataError, match="a-file"):
        download(_remote("http://127.0.0.1:9/a"), tmp_path / "a-file" / "sub")


def test_two_processes_share_one_request(site, tmp_path):
    site.pages["/a"] = Page()
    remote, folder = _remote(site.url("/a")), tmp_path / "shared"
    code = "from pathlib import *; from genharness.files.downloads import *; from genharness.spec.plugins import *; "
    code += f"download({remote!r}, {folder!r})"
    workers = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    assert site.asked == [""]
    assert _kept(folder) == ["file.bin"]


def test_threads_that_want_one_file_share_one_request(site, tmp_path):
    site.pages["/a"] = Page()
    threads = [threading.Thread(target=download, args=(_remote(site.url("/a")), tmp_path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert site.asked == [""]
    assert (tmp_path / "file.bin").read_bytes() == BODY
