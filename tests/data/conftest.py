"""A small dataset plugin in a module of its own, so that other processes can import it too."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from genharness import DatasetSpec

TOY = """
import os, pathlib, time
import numpy as np

def images(count, seed):
    return np.random.RandomState(seed).randint(0, 256, (count, 3, 6, 8)).astype(np.uint8)

def prepare(request):
    folder = pathlib.Path(__file__).parent
    with (folder / "calls").open("a") as calls:
        calls.write("x")
    request.writer.split("train", count=40).write(images(40, 0), np.arange(40) % 4)
    if os.environ.get("TOY_SLEEPS"):
        (folder / "started").touch()
        time.sleep(float(os.environ["TOY_SLEEPS"]))
    request.writer.split("test").write(images(12, 1), np.arange(12) % 4)

def bad(request):
    raise ValueError("a defect of the plugin")
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Spec and folder of the toy dataset; the file `calls` grows by one letter with each preparation."""
    folder = tmp_path / "toy_module"
    folder.mkdir()
    (folder / "toy_dataset.py").write_text(TOY)
    monkeypatch.syspath_prepend(folder)
    spec = DatasetSpec(
        name="toy",
        summary="toy",
        factory="toy_dataset:prepare",
        shape=(3, 6, 8),
        class_names=("ant", "bee", "cat", "dog"),
        counts={"train": 40, "test": 12},
        licence="CC0",
        bundled=True,
    )
    yield SimpleNamespace(spec=spec, folder=folder, calls=lambda: len((folder / "calls").read_text()))
    sys.modules.pop("toy_dataset", None)
