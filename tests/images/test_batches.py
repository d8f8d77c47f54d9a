"""Many pictures at once: what cannot be used is named, each file once, with a short reason."""

from __future__ import annotations

import dataclasses
import errno
import os
import zipfile

import numpy as np
import pytest

from genharness import DataError
from genharness.images import open_source, survey
from packed import encoded


def reasons(path):
    with open_source(path) as source, pytest.raises(DataError) as caught:
        survey(source, source.names)
    return str(caught.value)


def test_a_damaged_member_is_named_without_the_archive(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("0.png", encoded(np.zeros((8, 8), np.uint8)))
    path.write_bytes(path.read_bytes().replace(b"IDAT", b"IDAX"))
    assert reasons(path).endswith("mend or remove them: 0.png (Bad CRC-32 for file '0.png')")


def test_a_pipe_among_pictures_is_named(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(np.zeros((8, 8), np.uint8)))
    os.mkfifo(tmp_path / "p.png")
    assert reasons(tmp_path).endswith("mend or remove them: p.png (it is no regular file)")


def test_a_name_with_a_line_break_does_not_break_the_line(tmp_path):
    (tmp_path / "a\nb.png").touch()
    assert reasons(tmp_path).endswith("a\\nb.png (it is empty)")


@pytest.mark.parametrize("code", [errno.EMFILE, errno.EIO, errno.ESTALE])
def test_nobody_is_told_to_remove_a_picture_that_the_machine_cannot_read(tmp_path, code):
    (tmp_path / "0.png").write_bytes(encoded(np.zeros((8, 8), np.uint8)))

    def broken(name):
        raise OSError(code, os.strerror(code))

    with (
        open_source(tmp_path) as source,
        pytest.raises(DataError, match=r"0\.png cannot be read .*it may be good") as told,
    ):
        survey(dataclasses.replace(source, read=broken), source.names)
    assert "mend or remove" not in str(told.value)
