import os

import pytest

from genharness.files.regular import read_regular


def test_a_regular_file_is_read(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    assert read_regular(tmp_path / "a", 7) == b"content"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.write_bytes(b"12345678"), "it has 8 bytes, more than 7"),
        (os.mkfifo, "it is no regular file"),
        (os.mkdir, "it is a folder|no regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "it is no regular file"),
        (lambda path: path.symlink_to(path), "Too many levels"),
    ],
)
def test_anything_else_is_refused_at_once(tmp_path, make, reason):
    make(tmp_path / "a")
    with pytest.raises(OSError, match=reason):
        read_regular(tmp_path / "a", 7)


def test_a_link_is_followed_only_if_it_may_be(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")
    assert read_regular(tmp_path / "link", 7) == b"x"
    with pytest.raises(OSError, match="Too many levels"):
        read_regular(tmp_path / "link", 7, follow=False)
