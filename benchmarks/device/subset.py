"""Make the pictures that device runs are trained on: as many of a folder of pictures as fit into a file.

    tar -xf ../shared/data/cifar10-jpeg.tar.xz -C /tmp/cifar10
    python benchmarks/device/subset.py /tmp/cifar10 results/device/cifar10.npz

The folder holds train/CLASS/ and test/CLASS/. Every class has its share of each split; which pictures are taken
is drawn with a seed. The file, of at most 30 MB, is what `genharness run --datasets npz:FILE` reads.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np

from genharness.data import ensure_prepared, parse_reference, stratified_subset
from genharness.files.atomic import replace_file
from genharness.plugin.registry import load_registry

MOST_BYTES = 30_000_000


def make(folder: Path, out: Path, most: int = MOST_BYTES) -> dict[str, int]:
    """Write the file and return how many pictures of each split it holds."""
    reference = parse_reference(f"folder:{folder}")
    with tempfile.TemporaryDirectory() as home, mock.patch.dict("os.environ", GENHARNESS_HOME=home):
        data = ensure_prepared(load_registry().datasets.find("folder"), reference)
        splits = {split: (np.array(data.samples(split)), data.labels(split)) for split in ("train", "test")}
        share = (most - 10_000) / sum(images.nbytes + 8 * len(images) for images, _ in splits.values())
        arrays = {}
        for split, (images, labels) in splits.items():
            chosen = stratified_subset(labels, len(images), int(min(1.0, share) * len(images)))
            arrays |= {f"x_{split}": images[chosen], f"y_{split}": np.asarray(labels)[chosen]}
    out.parent.mkdir(parents=True, exist_ok=True)
    with replace_file(out) as temporary:
        np.savez(temporary, **arrays)
    return {split: len(arrays[f"x_{split}"]) for split in splits}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    wanted = parser.parse_args()
    made = make(wanted.folder, wanted.out)
    print(f"{wanted.out}: {made}, {wanted.out.stat().st_size / 1e6:.1f} MB")
