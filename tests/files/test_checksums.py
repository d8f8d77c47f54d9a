"""What a file promises and what it has."""

import hashlib

import numpy as np
import pytest

from genharness.errors import PluginError
from genharness.files.checksums import array_digest, file_digest, has_checksum, mismatch, promised
from genharness.spec.plugins import Remote

CONTENT = b"anything" * 10_000
MD5, SHA256 = hashlib.md5(CONTENT).hexdigest(), hashlib.sha256(CONTENT).hexdigest()


def remote(**sums):
    return Remote(filename="a.bin", urls=(), **sums)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(CONTENT)
    return path


def test_the_digest_is_that_of_the_content(file):
    assert (file_digest(file, "md5"), file_digest(file, "sha256")) == (MD5, SHA256)


def test_sha256_decides_where_both_are_given(file):
    assert promised(remote(md5=MD5, sha256=SHA256)) == ("sha256", SHA256)
    assert not has_checksum(file, remote(md5=MD5, sha256="0" * 64))


@pytest.mark.parametrize("sums", [{"md5": MD5}, {"md5": MD5.upper()}, {"sha256": SHA256.upper()}])
def test_the_promised_content_is_known_in_either_case(file, sums):
    assert has_checksum(file, remote(**sums))


def test_a_changed_byte_is_named_with_both_digests(file):
    file.write_bytes(CONTENT[:-1] + b"X")
    changed = hashlib.md5(file.read_bytes()).hexdigest()
    assert mismatch(file, remote(md5=MD5)) == f"has md5 {changed}, not {MD5}"


def test_a_promise_without_a_checksum_is_the_plugins_mistake():
    with pytest.raises(PluginError, match=r"no checksum is given for a\.bin"):
        promised(remote())


def test_an_arrays_digest_tells_values_types_and_shapes_apart_and_no_memory_layout():
    array = np.arange(12).reshape(3, 4)
    same = [array.copy(), np.asfortranarray(array), np.repeat(array, 2, axis=0)[::2]]
    assert {array_digest(one) for one in same} == {array_digest(array)}
    others = [array + 1, array.astype(float), array.reshape(4, 3)]
    assert len({array_digest(one) for one in [array, *others]}) == 4
