"""Archives that strangers made: sets of pictures in zips, and what is unpacked of zips and tars."""

import io
import shutil
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from fuzzing import INPUTS, campaign, damaged, refusable, repacked
from genharness.files.archives import extract_archive
from genharness.images import read_samples

RANDOM = np.random.default_rng(0)


def picture(form, mode, **options):
    file = io.BytesIO()
    pixels = RANDOM.integers(0, 256, (6, 6, 4)).astype(np.uint8)
    Image.fromarray(pixels).convert(mode).save(file, form, **options)
    return file.getvalue()


PICTURES = {
    "cat/a.png": picture("PNG", "RGB"),
    "cat/b.png": picture("PNG", "P"),
    "dog/c.jpg": picture("JPEG", "RGB"),
    "dog/d.webp": picture("WEBP", "RGBA", lossless=True),
    "dog/e.tif": picture("TIFF", "L"),
    "dog/f.gif": picture("GIF", "L"),
    "dog/g.bmp": picture("BMP", "RGB"),
}
TABLES = {"dataset.json": b'{"labels": [["cat/a.png", 0], ["dog/c.jpg", 1]]}', "notes.txt": b"hello"}
NAMES = ["../out.png", "/tmp/out.png", "C:\\out.png", "cat/../../out.png", "cat", "cat/", "train/a.png", "é\n.png"]


def tar(members, form):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=form) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "cat/a.png"
        if form == "w:":
            archive.addfile(link)
    return file.getvalue()


def zipped(members, packing=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


ALL = {**PICTURES, **TABLES}
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
SOUND = [*(zipped(ALL, packing) for packing in PACKINGS), *(tar(ALL, f"w:{form}") for form in ("", "gz", "bz2", "xz"))]


def samples_of(folder):
    """Return a check that reads a zip of pictures, or refuses it."""
    path = folder / "a.zip"

    def check(content):
        path.write_bytes(content)
        with refusable():
            read_samples(path, size=4)

    return check


@INPUTS
def test_zips_of_pictures_whose_bytes_are_damaged(tmp_path, inputs):
    campaign(inputs, damaged([zipped(PICTURES), zipped(ALL)]), samples_of(tmp_path), tmp_path)


@INPUTS
def test_zips_of_damaged_pictures(tmp_path, inputs):
    campaign(inputs, repacked(ALL, NAMES), samples_of(tmp_path), tmp_path)


@INPUTS
@pytest.mark.parametrize("strategy", [damaged(SOUND), repacked(ALL, NAMES)], ids=["bytes", "members"])
def test_archives_that_are_unpacked(tmp_path, inputs, strategy):
    path, folder = tmp_path / "a.tar", tmp_path / "unpacked"

    def check(content):
        path.write_bytes(content)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        with refusable():
            written = extract_archive(path, folder)
            assert all(one.resolve().is_relative_to(folder.resolve()) and one.is_file() for one in written)
        assert not [one for one in folder.rglob("*") if one.is_symlink()]
        shutil.rmtree(folder)

    campaign(inputs, strategy, check, tmp_path)
