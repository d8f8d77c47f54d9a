"""A coverage-guided campaign, in a process of its own: `python guided_fuzz.py TARGET FOLDER RUNS`.

libFuzzer ends the process when its runs are done, and at the first exception that is no refusal.
"""

import contextlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["genharness.spec", "genharness.results", "genharness.images", "genharness.study"]
):
    from genharness.images import samples
    from genharness.results import record_file
    from genharness.study import reading

from fuzzing import guarded, refusable


def read_record(path: Path) -> None:
    """Read a record as a results folder does."""
    with contextlib.suppress(record_file.DamagedRecordError):
        record_file.read_record(str(path))


TARGETS = {
    "record.json": read_record,
    "samples.npy": samples.read_samples,
    "samples.npz": samples.read_samples,
    "suite.toml": lambda path: reading.read_suite(path, {}),
}


def main(name: str, folder: Path, runs: str) -> None:
    """Feed a target with what libFuzzer makes of the files in FOLDER/seeds."""

    def one(content: bytes) -> None:
        path = folder / name
        path.write_bytes(content)
        with guarded(folder), refusable():
            TARGETS[name](path)

    limits = [
        f"-runs={runs}",
        "-timeout=20",
        "-rss_limit_mb=2048",
        "-max_len=4096",
        "-len_control=0",
        f"-artifact_prefix={folder}/",
    ]
    atheris.Setup([sys.argv[0], *limits, "-seed=1", str(folder / "seeds")], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
