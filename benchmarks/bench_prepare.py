"""Preparing pictures: PNG files, a parquet and a tar of them beside bare Pillow loops, CIFAR-10 beside ImageFolder.

    pytest benchmarks/bench_prepare.py --benchmark-only -k own     5,000 PNG files of 64x64
    pytest benchmarks/bench_prepare.py --benchmark-only -k cifar   60,000 JPEGs from their tar.xz

PICTURES=50000 SIDE=32 asks for others. On a busy machine, --benchmark-timer=time.process_time measures seconds of CPU.

Of one's own pictures the peers decode every file into an array, one after the other, and nothing else: the files of the
folder, or the rows of the parquet file. Ours also compares all headers, finds classes, divides, hashes and writes.
Memory is that of a process of its own. `in_threads` has small pictures decoded by threads as well, which one does now.

Of CIFAR-10 the aim is less than 90 seconds on two cores. Both ways end with all pixels and labels in .npy files; ours
also refuses hostile members, checks layout and classes, and hashes every array. Needs
../shared/data/cifar10-jpeg.tar.xz.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from torchvision.datasets import ImageFolder

from genharness.data import ensure_prepared
from genharness.files import ahead
from genharness.plugin.registry import load_registry
from genharness_data_vision import CIFAR10

ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "data" / "cifar10-jpeg.tar.xz"

PICTURES = int(os.environ.get("PICTURES", "5000"))
SIDE = int(os.environ.get("SIDE", "64"))

of_cifar = [
    pytest.mark.skipif(not ARCHIVE.is_file(), reason=f"{ARCHIVE} is missing"),
    pytest.mark.benchmark(group="prepare 60,000 JPEGs of 32x32 from tar.xz"),
]
of_own = pytest.mark.benchmark(group=f"prepare {PICTURES:,} PNG files of {SIDE}x{SIDE}")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A folder of PNG files in two classes, and a parquet file and a tar shard of the same."""
    folder = tmp_path_factory.mktemp("own")
    random, contents = np.random.default_rng(0), []
    for label in range(2):
        (folder / "pictures" / str(label)).mkdir(parents=True)
    for place in range(PICTURES):
        smooth = Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8)).resize(
            (SIDE, SIDE), Image.Resampling.BICUBIC
        )
        stream = io.BytesIO()
        smooth.save(stream, "PNG")
        contents.append(stream.getvalue())
        (folder / "pictures" / str(place % 2) / f"{place:06}.png").write_bytes(contents[-1])
    table = pa.table({"image": contents, "label": [place % 2 for place in range(PICTURES)]})
    pq.write_table(table, folder / "pictures.parquet")
    with tarfile.open(folder / "pictures.tar", "w") as shard:
        for place, picture in enumerate(contents):
            _add(shard, f"{place:06}.png", picture)
            _add(shard, f"{place:06}.cls", b"%d" % (place % 2))
    return folder


def _add(shard, name, content):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    shard.addfile(member, io.BytesIO(content))


def named(own, kind):
    return f"folder:{own}/pictures" if kind == "folder" else f"{kind}:{own}/pictures.{kind}"


PREPARE = """
import re, sys
from pathlib import Path
import genharness.images, pyarrow.parquet
from genharness.data import ensure_prepared, parse_reference
from genharness.plugin.registry import load_registry

def peak_mib():  # unlike ru_maxrss, it begins anew with the program
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

reference = parse_reference(sys.argv[1])
spec = load_registry().datasets.find(reference.name)
before = peak_mib()
ensure_prepared(spec, reference)
print(peak_mib() - before)
"""


def prepare_own(own, home, monkeypatch, kind):
    monkeypatch.setenv("GENHARNESS_HOME", str(home))
    return ensure_prepared(load_registry().datasets.find(kind), named(own, kind))


def decode_alone(own):
    images = np.empty((PICTURES, SIDE, SIDE, 3), np.uint8)
    for index, path in enumerate(sorted((own / "pictures").rglob("*.png"))):
        with Image.open(path) as picture:
            images[index] = np.asarray(picture)
    return images


@of_own
@pytest.mark.parametrize("kind", ["folder", "parquet", "tar"])
def test_own_pictures(benchmark, own, tmp_path, monkeypatch, kind):
    homes = (tmp_path / str(place) for place in range(9))
    data = benchmark.pedantic(lambda: prepare_own(own, next(homes), monkeypatch, kind), rounds=3)
    assert sum(data.meta.counts.values()) == PICTURES
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path / "memory"))
    done = subprocess.run([sys.executable, "-c", PREPARE, named(own, kind)], capture_output=True, text=True, check=True)
    benchmark.extra_info["memory_mib"] = round(float(done.stdout))


@of_own
@pytest.mark.parametrize("kind", ["folder", "parquet"])
def test_own_pictures_in_threads_whatever_their_size(benchmark, own, tmp_path, monkeypatch, kind):
    monkeypatch.setattr(ahead, "LONG", 0.0)
    homes = (tmp_path / str(place) for place in range(9))
    benchmark.pedantic(lambda: prepare_own(own, next(homes), monkeypatch, kind), rounds=3)


def decode_rows_alone(own):
    images, place = np.empty((PICTURES, SIDE, SIDE, 3), np.uint8), 0
    for batch in pq.ParquetFile(own / "pictures.parquet").iter_batches(256, columns=["image"]):
        for content in batch.column(0).to_pylist():
            images[place] = np.asarray(Image.open(io.BytesIO(content)))
            place += 1
    return images


@of_own
def test_own_rows_of_parquet_by_pillow_alone(benchmark, own):
    assert benchmark.pedantic(decode_rows_alone, (own,), rounds=3).shape[0] == PICTURES


@of_own
def test_own_pictures_by_pillow_alone(benchmark, own):
    assert benchmark.pedantic(decode_alone, (own,), rounds=3).shape[0] == PICTURES


def ours(home, monkeypatch):
    monkeypatch.setenv("GENHARNESS_HOME", str(home))
    return ensure_prepared(CIFAR10, "cifar10", source=ARCHIVE)


def image_folder(folder):
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    for split in ("train", "test"):
        pictures = ImageFolder(folder / split)
        images = np.empty((len(pictures), 3, 32, 32), np.uint8)
        for index, (picture, _) in enumerate(pictures):
            images[index] = np.asarray(picture).transpose(2, 0, 1)
        np.save(folder / f"{split}-images.npy", images)
        np.save(folder / f"{split}-labels.npy", np.array(pictures.targets))
    return folder


@of_cifar[0]
@of_cifar[1]
def test_cifar(benchmark, tmp_path, monkeypatch):
    data = benchmark.pedantic(ours, (tmp_path, monkeypatch), rounds=1)
    assert data.meta.counts == {"train": 50_000, "test": 10_000}


@of_cifar[0]
@of_cifar[1]
def test_cifar_by_image_folder(benchmark, tmp_path, monkeypatch):
    folder = benchmark.pedantic(image_folder, (tmp_path / "peer",), rounds=1)
    theirs = np.load(folder / "test-images.npy", mmap_mode="r")
    np.testing.assert_array_equal(theirs, ours(tmp_path / "home", monkeypatch).samples("test"))
