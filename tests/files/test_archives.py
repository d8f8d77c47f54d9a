"""Archives from strangers: read whole, or refused with the member's name and the reason."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile

import pytest

from genharness import DataError
from genharness.files.archives import UnreadableError, extract_archive, is_archive, list_members, open_zip, read_members

FILES = {"data/a.txt": b"first", "data/deep/b.bin": bytes(range(256)) * 50, "c.txt": b""}
TARS = {"t.tar": "w", "t.tar.gz": "w:gz", "t.tar.bz2": "w:bz2", "t.tar.xz": "w:xz"}


def make_tar(path, files=FILES, mode="w", extra=()):
    with tarfile.open(path, mode) as archive:
        folder = tarfile.TarInfo("data")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in extra:
            archive.addfile(info)
    return path


def make_zip(path, files=FILES):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("data")
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.fixture(params=[*TARS, "z.zip"])
def archive(request, tmp_path):
    path = tmp_path / request.param
    return make_zip(path) if path.suffix == ".zip" else make_tar(path, mode=TARS[request.param])


def test_members_are_read_whole(archive):
    assert {member.name: content for member, content in read_members(archive)} == FILES
    assert {member.name: member.size for member in list_members(archive)} == {k: len(v) for k, v in FILES.items()}
    assert is_archive(archive)


def test_only_wanted_members_are_read(archive):
    assert [member.name for member, _ in read_members(archive, lambda name: name.endswith(".bin"))] == [
        "data/deep/b.bin"
    ]


def test_members_are_unpacked(archive, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    said = []
    written = extract_archive(archive, folder, report=lambda *news: said.append(news))
    assert {path.relative_to(folder).as_posix(): path.read_bytes() for path in written} == FILES
    assert said[-1][0] == 3


def test_every_cut_is_noticed(archive, tmp_path):
    """No truncation passes as a smaller archive."""
    whole = archive.read_bytes()
    cut = tmp_path / f"cut-{archive.name}"
    end = len(whole)
    if archive.name == "t.tar":  # the last kilobytes are padding after the end mark, whose absence is harmless
        with tarfile.open(archive) as tar:
            tar.getmembers()
            end = tar.offset
    for size in sorted({*range(0, end, max(end // 40, 1)), end - 1}):
        cut.write_bytes(whole[:size])
        with pytest.raises(DataError, match=r"cut-.*(damaged|no zip or tar)"):
            list(read_members(cut))


def test_flipped_bytes_never_pass_silently(tmp_path):
    path = make_zip(tmp_path / "z.zip")
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"b.bin") + 20] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(DataError, match="damaged"):
        list(read_members(path))


def test_a_damaged_header_is_not_the_end(tmp_path):
    path = make_tar(tmp_path / "t.tar")
    raw = bytearray(path.read_bytes())
    position = raw.index(b"data/deep/b.bin")
    raw[position] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(DataError, match="header is damaged"):
        list_members(path)


HARMFUL_NAMES = ["../evil", "a/../../evil", "/etc/evil", "C:/evil", "..\\evil", "a\\..\\b"]


@pytest.mark.parametrize("name", HARMFUL_NAMES)
@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_paths_that_leave_the_folder_are_refused(tmp_path, make, name):
    path = make(tmp_path / "hostile", {"good.txt": b"", name: b"evil"})
    folder = tmp_path / "out" / "inner"
    folder.mkdir(parents=True)
    with pytest.raises(DataError, match="refused: its path leaves the folder"):
        extract_archive(path, folder)
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind):
    info = tarfile.TarInfo("link")
    info.type, info.linkname = kind, "/etc/passwd"
    path = make_tar(tmp_path / "t.tar", extra=[info])
    with pytest.raises(DataError, match="'link' is refused: it is a link or a device"):
        list_members(path)


def test_links_in_a_zip_are_refused(tmp_path):
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match="'link' is refused"):
        list_members(path)


@pytest.mark.parametrize("names", [("a", "a/b.txt"), ("a/b/c.txt", "a"), ("a/b", "c", "a/b/c/d.txt")])
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_a_name_that_is_a_file_and_a_folder_is_refused(tmp_path, make, names):
    path = make(tmp_path / "archive", dict.fromkeys(names, b"x"))
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match="is refused: it is a file and a folder"):
        extract_archive(path, tmp_path / "out")


def test_a_name_that_no_file_can_have_is_refused(tmp_path):
    path = make_zip(tmp_path / "archive", {"a/" + "é" * 128: b"x"})
    with pytest.raises(DataError, match="longer than the 255 bytes"):
        list_members(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_refused(tmp_path):
    path = make_tar(tmp_path / "t.tar")
    with tarfile.open(path, "a") as archive:
        archive.addfile(tarfile.TarInfo("c.txt"))
    with pytest.raises(DataError, match="comes twice"):
        list_members(path)


@pytest.mark.parametrize("name", ["bomb.zip", "bomb.tar.xz"])
def test_bombs_are_refused_before_they_are_unpacked(tmp_path, name):
    zeros = bytes(100 << 20)
    path = tmp_path / name
    if name.endswith("zip"):
        make_zip(path, {"zeros.bin": zeros})
    else:
        make_tar(path, {"zeros.bin": zeros}, "w:xz")
    assert path.stat().st_size < 200_000
    with pytest.raises(DataError, match=r"'zeros\.bin' is refused: .*proportion"):
        extract_archive(path, tmp_path)
    assert not (tmp_path / "zeros.bin").exists()


def test_a_zip_that_lies_about_a_size_is_refused(tmp_path):
    path = make_zip(tmp_path / "z.zip", {"a.txt": b"x" * 1000})
    raw = path.read_bytes()
    path.write_bytes(raw.replace((1000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(DataError, match=r"a\.txt|damaged"):
        list(read_members(path))


@pytest.mark.parametrize(
    ("head", "packer"), [(b"\x28\xb5\x2f\xfd", "zstd"), (b"\x04\x22\x4d\x18", "lz4"), (b"7z\xbc\xaf\x27\x1c", "7z")]
)
def test_an_archive_of_another_packer_is_told_by_its_name_and_not_called_damaged(tmp_path, head, packer):
    path = tmp_path / "shard.tar.zst"
    path.write_bytes(head + bytes(600))
    with pytest.raises(DataError, match=rf"is packed by {packer}, which is not read: unpack it"):
        list_members(path)


def test_a_giant_extended_header_is_refused(tmp_path):
    info = tarfile.TarInfo("long")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 33
    path = tmp_path / "t.tar"
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
    with pytest.raises(DataError, match=r"damaged or no zip or tar archive"):
        list_members(path)


def test_encrypted_members_are_refused(tmp_path):
    path = make_zip(tmp_path / "z.zip")
    raw = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = raw.find(mark)
        while start >= 0:
            raw[start + offset] |= 1
            start = raw.find(mark, start + 1)
    path.write_bytes(raw)
    with pytest.raises(DataError, match="it is encrypted"):
        list_members(path)


def test_random_access_to_a_zip(tmp_path):
    with open_zip(make_zip(tmp_path / "z.zip")) as (members, read):
        assert {member.name: read(member.name) for member in reversed(members)} == FILES


def test_what_is_no_archive_is_refused(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("just text")
    assert not is_archive(text)
    assert not is_archive(tmp_path)
    for path in (text, tmp_path, tmp_path / "missing"):
        with pytest.raises(DataError, match=r"no zip or tar|not a file"):
            list_members(path)


def test_memory_stays_small_while_unpacking(tmp_path):
    import os
    import tracemalloc

    path = make_tar(tmp_path / "t.tar", {"large.bin": os.urandom(1 << 20) * 32})
    tracemalloc.start()
    extract_archive(path, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize("name", ["z.zip", "z.npz"])
def test_bytes_missing_in_the_middle_of_a_zip_are_damage(tmp_path, name):
    path = make_zip(tmp_path / name)
    raw = path.read_bytes()
    path.write_bytes(raw[:100] + raw[300:])
    with pytest.raises(DataError, match=rf"{name} is damaged .*some of its bytes are missing"):
        list(read_members(path))


def test_a_name_in_a_zip_that_is_no_text_is_damage(tmp_path):
    path = make_zip(tmp_path / "z.zip", {"\u00fc.txt": b""})
    path.write_bytes(path.read_bytes().replace("\u00fc".encode(), b"\xff\xfe"))
    for use in (list_members, lambda path: open_zip(path).__enter__()):
        with pytest.raises(DataError, match=r"z\.zip is damaged .*decode"):
            use(path)


def test_a_member_without_a_name_is_refused(tmp_path):
    path = make_zip(tmp_path / "z.zip", {"b.txt": b"", "a.txt": b""})
    path.write_bytes(path.read_bytes().replace(b"b.txt", b"\0.txt"))  # zipfile ends names at a zero byte
    for use in (list_members, lambda path: open_zip(path).__enter__()):
        with pytest.raises(DataError, match=r"z\.zip: '' is refused: it has no name"):
            use(path)


@pytest.mark.parametrize("name", ["a", "a.npz"])
def test_what_is_no_archive_is_refused_in_one_line(tmp_path, name):
    (tmp_path / name).write_bytes(b"neither of them" * 100)
    with pytest.raises(DataError) as caught:
        list_members(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_npz_files_are_never_tried_as_tar(tmp_path):
    path = make_tar(tmp_path / "a.npz")
    with pytest.raises(DataError, match=r"a\.npz is damaged or no \.npz file \(File is not a zip file\)"):
        list_members(path)
    make_zip(path)
    path.write_bytes(path.read_bytes()[60:])
    with pytest.raises(DataError, match=r"a\.npz is damaged or no \.npz file"):
        list_members(path)


def test_a_damaged_member_of_a_zip_is_named_and_the_others_are_read(tmp_path):
    path = make_zip(tmp_path / "z.zip")
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"b.bin") + 20] ^= 0xFF
    path.write_bytes(raw)
    with open_zip(path) as (_, read):
        with pytest.raises(UnreadableError, match=r"z\.zip: 'data/deep/b\.bin' cannot be read \(.*\): mend"):
            read("data/deep/b.bin")
        assert read("data/a.txt") == b"first"


def test_errors_of_whoever_uses_an_open_zip_are_not_taken_for_damage(tmp_path):
    with pytest.raises(EOFError), open_zip(make_zip(tmp_path / "z.zip")):
        raise EOFError
