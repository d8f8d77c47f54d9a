"""A cell struck in every phase by a kill, an exception, a lack of memory and a full disk; then the same run again."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fault_checks import assert_nothing_half_written, part_of_a_temporary, untimed
from planted_faults import KINDS, PHASES

HERE = Path(__file__).parent
PLUGIN = HERE.parent / "helpers" / "planted_faults.py"
SMALL = ["--budget", "10steps", "--samples", "40", "--set", "classifier.steps=20", "--set", "gan.width=16"]
RUN = ["run", "--no-baselines", "--models", "gan,noise", "--datasets", "digits#200", "--metrics", "fid", *SMALL]
RUN += ["--checkpoint-every", "0", "--memory-limit", "4GiB"]
STRUCK, SOUND = "gan", "noise"


class Bench:
    """A warm command line with the faulty plugin, a home, and the results of an undisturbed run."""

    def __init__(self, folder):
        self.folder, self.fault = folder, folder / "fault"
        self.fault.touch()
        site = folder / "site" / "planted_faults-1.dist-info"
        site.mkdir(parents=True)
        shutil.copy(PLUGIN, site.parent)
        (site / "METADATA").write_text("Metadata-Version: 2.1\nName: planted-faults\nVersion: 1\n")
        (site / "entry_points.txt").write_text("[genharness]\nplanted-faults = planted_faults\n")
        own = {"GENHARNESS_HOME": str(folder / "home"), "PLANTED_FAULT": str(self.fault)}
        path = os.pathsep.join(filter(None, [str(site.parent), os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, HERE / "warm_command.py"],
            env={**os.environ, **own, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "200"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def command(self, *arguments, fault=""):
        self.fault.write_text(fault)
        self.process.stdin.write(json.dumps([str(argument) for argument in arguments]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    made = Bench(tmp_path_factory.mktemp("faults"))
    yield made
    made.process.communicate()


@pytest.fixture(scope="module")
def whole(bench):
    """The folder of an undisturbed run."""
    results = bench.folder / "whole"
    done = bench.command(*RUN, "--results", results)
    assert done["code"] == 0, done
    assert record_of(STRUCK, results)["environment"]["memory_limit_mib"] == 4096
    return results


@pytest.fixture
def results(bench, whole, tmp_path):
    """A folder in which the sound cell is finished, and the one to be struck is not begun."""
    shutil.copytree(whole, tmp_path / "results")
    (record,) = tmp_path.glob(f"results/records/{STRUCK}-*.json")
    record.unlink()
    shutil.rmtree(tmp_path / "results" / "cells" / record.stem)
    shutil.rmtree(tmp_path / "results" / "trainings")  # of the struck one: the sound one has nothing to train
    return tmp_path / "results"


def record_of(model, folder):
    (path,) = folder.glob(f"records/{model}-*.json")
    return json.loads(path.read_text())


OUTCOMES = {"kill": "failed", "raise": "failed", "memory": "out_of_memory", "full": "failed"}
"""Status of the record after each kind of fault; with a full disk, none can be written."""

MEASURED = {("extract", "raise"), ("score", "raise")}
"""What fails while a metric asks for it costs that metric alone; it is tried again. The protocol's extractor is built
before training, so that a classifier that cannot be had costs the cell, and no training."""


def case(phase, kind):
    quick = kind == "kill" or phase == "sample"
    return pytest.param(phase, kind, id=f"{phase}-{kind}", marks=[] if quick else pytest.mark.slow)


@pytest.mark.parametrize(("phase", "kind"), [case(phase, kind) for phase in PHASES for kind in KINDS])
def test_a_cell_struck_anywhere_costs_nothing_that_was_finished_and_ends_as_if_undisturbed(
    bench, whole, results, phase, kind
):
    (sound,) = results.glob(f"records/{SOUND}-*.json")
    before = sound.read_bytes()
    struck = bench.command(*RUN, "--results", results, fault=f"{phase} {kind}")
    assert sound.read_bytes() == before
    assert_nothing_half_written(results)
    assert_told(struck, results, phase, kind)

    again = bench.command(*RUN, "--results", results)
    assert again["code"] == 0, again
    assert sound.read_bytes() == before
    assert untimed(record_of(STRUCK, results)) == untimed(record_of(STRUCK, whole))
    assert not [path for path in results.rglob("*") if part_of_a_temporary(path)]
    assert_nothing_half_written(results)


def assert_told(struck, results, phase, kind):
    """The command says what happened, and the record, where there is one, why."""
    if (phase, kind) in MEASURED:
        assert "a planted fault" in record_of(STRUCK, results)["failed"]["fid"]
        return
    assert struck["code"] == 2, struck
    (line,) = [line for line in struck["errors"].splitlines() if line.startswith(f"error: {STRUCK} on digits#200")]
    if kind == "full":
        assert "No space left on device" in line
        assert not list(results.glob(f"records/{STRUCK}-*.json"))
        return
    record = record_of(STRUCK, results)
    assert record["status"] == OUTCOMES[kind]
    assert record["reason"] in line
    said = {"kill": "killed by SIGKILL at", "raise": "planted fault", "memory": "out of memory at"}[kind]
    assert said in record["reason"]
