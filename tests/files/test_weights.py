import functools
import hashlib
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from genharness import DataError, Remote
from genharness.files.home import home
from genharness.files.weights import find_weights, locate_weights, weights_hash

CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
UNREACHABLE = "http://127.0.0.1:9/mirror-name.pth"
REMOTE = Remote(filename="net.pth", urls=(UNREACHABLE,), sha256=SHA256)


@pytest.fixture(autouse=True)
def _no_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch-home"))
    monkeypatch.delenv("GENHARNESS_WEIGHTS", raising=False)


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, served without a word."""

    def log_message(self, *arguments):
        pass


@pytest.fixture
def mirrored(tmp_path):
    """The weights on a server of this machine, in a folder that can be deleted."""
    _put(tmp_path / "mirror" / "net.pth")
    handler = functools.partial(Quiet, directory=tmp_path / "mirror")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/net.pth"
        yield Remote(filename="net.pth", urls=(url,), sha256=SHA256)
        server.shutdown()
        thread.join()


def _put(path, content=CONTENT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_weights_come_from_the_first_place_that_has_them(tmp_path, monkeypatch):
    override = _put(tmp_path / "mine" / "net.pth")
    environment = _put(tmp_path / "env" / "net.pth")
    own = _put(home() / "weights" / "net.pth")
    hub = _put(tmp_path / "torch-home" / "hub" / "checkpoints" / "net.pth")
    monkeypatch.setenv("GENHARNESS_WEIGHTS", str(environment.parent))
    assert find_weights(REMOTE, override) == override
    for expected in (environment, own, hub):
        assert find_weights(REMOTE) == expected
        expected.unlink()
    assert locate_weights(REMOTE) is None


def test_an_override_may_be_the_folder_that_holds_the_file(tmp_path):
    path = _put(tmp_path / "net.pth")
    assert find_weights(REMOTE, tmp_path) == path


def test_an_override_may_have_any_name(tmp_path):
    path = _put(tmp_path / "renamed.bin")
    assert find_weights(REMOTE, path) == path


def test_a_file_under_a_mirrors_name_is_found(tmp_path):
    path = _put(tmp_path / "torch-home" / "hub" / "checkpoints" / "mirror-name.pth")
    assert find_weights(REMOTE) == path


def test_torch_hubs_place_follows_its_own_rule(tmp_path, monkeypatch):
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    path = _put(tmp_path / "xdg" / "torch" / "hub" / "checkpoints" / "net.pth")
    assert find_weights(REMOTE) == path


@pytest.mark.parametrize("place", ["override", "environment", "home", "hub"])
def test_a_mismatch_names_the_file_and_both_hashes(tmp_path, monkeypatch, place):
    folders = {"home": home() / "weights", "hub": tmp_path / "torch-home" / "hub" / "checkpoints"}
    path = _put(folders.get(place, tmp_path) / "net.pth", b"others")
    if place == "environment":
        monkeypatch.setenv("GENHARNESS_WEIGHTS", str(path))
    with pytest.raises(DataError) as raised:
        find_weights(REMOTE, path if place == "override" else None)
    assert all(part in str(raised.value) for part in (str(path), SHA256, hashlib.sha256(b"others").hexdigest()))


def test_a_lone_file_in_the_environment_may_be_another_extractors(tmp_path, monkeypatch):
    monkeypatch.setenv("GENHARNESS_WEIGHTS", str(_put(tmp_path / "other-network.pth", b"others")))
    own = _put(home() / "weights" / "net.pth")
    assert find_weights(REMOTE) == own


def test_a_lone_file_in_the_environment_is_known_by_its_content(tmp_path, monkeypatch):
    path = _put(tmp_path / "renamed.bin")
    monkeypatch.setenv("GENHARNESS_WEIGHTS", str(path))
    assert find_weights(REMOTE) == path


@pytest.mark.parametrize("name", ["other.pth", "folder/other.pth"])
def test_an_override_may_be_another_networks_where_these_weights_are_elsewhere(tmp_path, name):
    own, other = _put(home() / "weights" / "net.pth"), _put(tmp_path / name, b"others")
    given = other if name == "other.pth" else other.parent
    assert find_weights(REMOTE, given) == own
    own.unlink()
    with pytest.raises(DataError, match=r"has sha256|holds no net\.pth"):
        find_weights(REMOTE, given)


def test_an_override_that_does_not_exist_is_named_though_the_weights_are_elsewhere(tmp_path):
    _put(home() / "weights" / "net.pth")
    with pytest.raises(DataError, match=r"typo does not exist"):
        find_weights(REMOTE, tmp_path / "typo")


def test_an_override_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(DataError, match=r"--weights .*nowhere does not exist"):
        find_weights(REMOTE, tmp_path / "nowhere")


def test_an_override_folder_without_the_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"--weights .* holds no net\.pth"):
        find_weights(REMOTE, tmp_path)


def test_an_environment_that_does_not_exist_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("GENHARNESS_WEIGHTS", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"GENHARNESS_WEIGHTS=.*nowhere does not exist"):
        find_weights(REMOTE)


def test_missing_weights_without_network_say_where_to_put_them():
    place = home() / "weights" / "net.pth"
    with pytest.raises(DataError, match=rf"no network: put net\.pth .* at {place}, or pass --weights"):
        find_weights(REMOTE)


def test_missing_weights_name_the_file_of_the_environment_that_was_passed_over(tmp_path, monkeypatch):
    other = _put(tmp_path / "other-network.pth", b"others")
    monkeypatch.setenv("GENHARNESS_WEIGHTS", str(other))
    with pytest.raises(DataError, match=rf"--weights PATH, as GENHARNESS_WEIGHTS={other} is not these weights"):
        find_weights(REMOTE)


def test_missing_weights_are_downloaded_to_home(tmp_path, mirrored):
    path = find_weights(mirrored)
    assert path == home() / "weights" / "net.pth"
    shutil.rmtree(tmp_path / "mirror")
    assert find_weights(mirrored) == path


def test_the_hash_is_that_of_the_content(tmp_path):
    assert weights_hash(_put(tmp_path / "a.pth")) == SHA256


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(DataError, match=r"gone\.pth cannot be read"):
        weights_hash(tmp_path / "gone.pth")


def test_what_is_shared_may_hold_none_of_these_weights(tmp_path, mirrored):
    other = _put(tmp_path / "other.pth", b"others")
    assert locate_weights(mirrored, other) is None
    assert find_weights(mirrored, other, shared=True) == home() / "weights" / "net.pth"
    assert locate_weights(mirrored, other) == home() / "weights" / "net.pth"


def test_what_is_shared_comes_first_where_it_holds_them(tmp_path):
    _put(home() / "weights" / "net.pth")
    path = _put(tmp_path / "net.pth")
    assert locate_weights(REMOTE, tmp_path) == path


def test_a_home_that_only_another_user_may_look_into_holds_no_weights(monkeypatch):
    def refused(self, *args, **options):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "is_file", refused)
    assert locate_weights(Remote(filename="net.pth", urls=("https://x.org/net.pth",), sha256="0" * 64)) is None
