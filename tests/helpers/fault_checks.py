"""What must hold of a results folder after any fault."""

import importlib.resources
import json

import jsonschema
import numpy as np
from PIL import Image

from genharness.files.atomic import TEMPORARY


def untimed(record):
    """Return all of a record that must come out the same."""
    same = ("cell", "status", "reason", "scores", "skipped", "protocol", "protocol_hash", "facts", "artefacts", "notes")
    history = {key: record["history"][key] for key in ("losses", "scores", "events")}
    kept = ("train_steps", "parameters", "sample_flops", "step_flops")
    counted = {key: value for key, value in record["measurements"].items() if key in kept}
    return {key: record[key] for key in same} | history | counted


def assert_nothing_half_written(folder):
    """Read every file under a name that a reader would look for."""
    schema = json.loads(importlib.resources.files("genharness").joinpath("record.schema.json").read_text())
    for path in (path for path in folder.rglob("*") if path.is_file() and not part_of_a_temporary(path)):
        if path.suffix == ".json" and path.parent.name == "records":
            jsonschema.validate(json.loads(path.read_text()), schema)
        elif path.suffix == ".npz":
            with np.load(path) as arrays:
                assert all(arrays[name].size for name in arrays)
        elif path.suffix == ".png":
            with Image.open(path) as picture:
                picture.load()
        elif path.suffix == ".npy":
            assert len(np.load(path))
        else:
            assert path.suffix in (".pt", ".lock", ".json", ".txt"), path


def part_of_a_temporary(path):
    """Whether a path is, or lies in, what a writer that was killed left."""
    return any(TEMPORARY.fullmatch(part) for part in path.parts)
