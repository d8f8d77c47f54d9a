"""A plugin of these tests: does harm in a cell's process, at the place named in the file $PLANTED_FAULT.

The file reads `PHASE KIND`. Phases that write are struck in the middle of writing: what is there of the file is cut to
half first. `kill` is SIGKILL, `raise` a RuntimeError, `memory` takes memory until none is given any more, and `full`
turns everything that this process writes from then on into writes to /dev/full, whose ENOSPC is the kernel's own.
"""

import multiprocessing
import os
import shutil
import signal
from pathlib import Path

import numpy as np

from genharness import hookimpl

PHASES = ("prepare", "classifier", "train", "checkpoint", "sample", "extract", "score", "record")
KINDS = ("kill", "raise", "memory", "full")
BLOCK = 2**26


@hookimpl
def genharness_models():
    return []


def plant(phase, kind):
    """Patch this process so that it meets the fault."""
    from genharness.cells import cell as runner
    from genharness.data import writer
    from genharness.engine import loop as training
    from genharness.engine.costs import latency
    from genharness.files import atomic, home
    from genharness.measure import feature_cache as features
    from genharness.measure import scoring as measure

    latency._CALLS, latency._SWEEP = 3, (1,)  # what sampling costs is not what is tested
    disk = Disk(kind)
    place = Place(phase, kind, disk)
    wrap(atomic, "_temporary", disk.temporary(place))
    wrap(atomic, "publish", lambda publish, temporary, path: place.writing(path, temporary) or publish(temporary, path))
    wrap(atomic, "_swap", lambda swap, temporary, path: place.writing(path, temporary) or swap(temporary, path))
    wrap(features.np, "save", lambda save, path, *rest: save(disk.file(path), *rest))
    wrap(writer._GrowingArray, "__init__", lambda init, self, path, *rest: init(self, disk.file(path), *rest))
    if phase == "train":
        wrap(training.Trainer, "_interval", lambda step, self, end: place.reached(self.step == 5) or step(self, end))
    if phase == "score":
        wrap(measure, "_numbers", lambda numbers, *rest: place.reached() or numbers(*rest))
    if phase == "prepare":
        data = home.home() / "data"
        wrap(runner, "ensure_prepared", lambda ensure, *rest, **more: forget(data) or ensure(*rest, **more))
    if phase == "classifier":
        forget(home.home() / "classifiers")


def wrap(owner, name, replacement):
    """Put a function in front of another, which it is given first."""
    original = getattr(owner, name)
    setattr(owner, name, lambda *args, **more: replacement(original, *args, **more))


def forget(folder):
    shutil.rmtree(folder, ignore_errors=True)


class Disk:
    """Whether the disk is full for this process."""

    def __init__(self, kind):
        self.fills = kind == "full"
        self.full = False

    def file(self, path):
        """Return the path, which leads nowhere when the disk is full."""
        if self.full and not os.path.lexists(path):
            Path(path).symlink_to("/dev/full")
        return path

    def temporary(self, place):
        def make(original, path):
            self.full = self.full or (self.fills and place.is_file(path))
            made = original(path)
            return made if path.name in FOLDERS or path.parent.name in FOLDERS else self.file(made)

        return make


FOLDERS = ("data", "features", "variants")


class Place:
    """Where the fault is."""

    def __init__(self, phase, kind, disk):
        self.phase, self.kind, self.disk = phase, kind, disk
        self.checkpoints, self.struck = 0, False

    def is_file(self, path):
        """Whether this is the file that the phase writes."""
        self.checkpoints += path.name == "checkpoint.pt"
        return {
            "prepare": "data" in path.parts,
            "classifier": path.parent.name == "classifiers",
            "checkpoint": path.name == "checkpoint.pt" and self.checkpoints > 2,
            "sample": path.name == "samples.npz",
            "extract": path.parent.name == "features" and "cells" in path.parts,
            "record": path.parent.name == "records",
        }.get(self.phase, False)

    def writing(self, path, temporary):
        if self.kind != "full" and not self.struck and self.is_file(path):
            halve(temporary)
            self.strike()

    def reached(self, here=True):
        if here and self.kind == "full":
            self.disk.full = True
        elif here:
            self.strike()

    def strike(self):
        self.struck = True
        if self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "raise":
            raise RuntimeError("a planted fault")
        hoard = [np.empty(BLOCK, np.uint8) for _ in range(256)]
        raise AssertionError(f"nothing limits memory: {len(hoard)} blocks were given")


def halve(path):
    """Leave half of a file, or of every file of a folder."""
    for file in [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]:
        os.truncate(file, file.stat().st_size // 2)


_named = Path(os.environ.get("PLANTED_FAULT", os.devnull)).read_text().split()
if _named and multiprocessing.parent_process() is not None:
    plant(*_named)
