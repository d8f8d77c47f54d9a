"""Readers fed by libFuzzer through atheris, which keeps inputs that reach code which none reached before."""

import importlib.util
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from board_records import record

HELPERS = Path(__file__).parents[1] / "helpers"
PICTURES = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)


def saved(save, *arrays, **named):
    file = io.BytesIO()
    save(file, *arrays, **named)
    return file.getvalue()


SEEDS = {
    "record.json": [json.dumps(record("vae", 3.0).as_plain()).encode()],
    "samples.npy": [saved(np.save, PICTURES), saved(np.save, PICTURES / 255), saved(np.save, np.eye(3))],
    "samples.npz": [
        saved(np.savez, images=PICTURES, labels=np.arange(2)),
        saved(np.savez, mu=np.ones(2), sigma=np.eye(2)),
    ],
    "suite.toml": [b'models = ["vae"]\ndatasets = ["digits@16#200"]\nseeds = 3\n[set.vae]\nlr = 1e-3\n'],
}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed: pip install atheris")
@pytest.mark.parametrize("target", SEEDS)
def test_a_reader_that_is_fed_by_its_coverage_refuses_or_reads(tmp_path, target):
    (tmp_path / "seeds").mkdir()
    for place, content in enumerate(SEEDS[target]):
        (tmp_path / "seeds" / str(place)).write_bytes(content)
    home = {"GENHARNESS_HOME": str(tmp_path / "home"), "PYTHONPATH": os.pathsep.join([str(HELPERS), *sys.path])}
    done = subprocess.run(
        [sys.executable, HELPERS / "guided_fuzz.py", target, tmp_path, "10000"],
        env={**os.environ, **home},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done 10000 runs" in done.stderr
