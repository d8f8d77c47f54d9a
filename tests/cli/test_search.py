"""`genharness search` as a user meets it: its plan, its one-line errors, and that a kill loses nothing."""

import json
import os
import re
import signal
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from background import wait_for

QUICK = ["--datasets", "digits", "--metrics", "fid", "--samples", "100", "--set", "classifier.steps=20"]
SMALL = ["--budget", "2steps", "--method", "random", "--tries", "3", "--over", "latent=4,8,16", "--fresh-seeds", "2"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return str(tmp_path_factory.mktemp("home"))


def records(folder):
    return [json.loads(path.read_text()) for path in Path(folder).glob("records/[!.]*.json")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["real"], "real is not trained"),
        (["vaee"], "unknown model 'vaee'; did you mean 'vae'?"),
        (["vae,dcgan"], "a search is of one model and setting, and 2 were named: name one"),
        (["vae", "--datasets", "digits,breast-cancer"], "a search is on one dataset, and 2 were named"),
        (["vae", "--over", "lrr=1..2"], "vae has no option 'lrr'; did you mean 'lr'?"),
        (["vae", "--over", "lr=0.1..2"], "vae.lr=2 is out of range: it must be > 0, <= 1"),
        (["vae", "--over", "lr"], "must read OPTION=LOW..HIGH"),
        (["vae", "--tries", "0"], "--tries=0 is out of range: it must be >= 1, <= 100000"),
        (["vae", "--method", "grid"], "--method=grid is not one of: tpe | random"),
        (["vae", "--by", "fidd"], "--by: no metric 'fidd' in this run; did you mean 'fid'?"),
        (["vae", "--prune"], "--prune looks at scores over training: give --score-every, such as 100steps"),
        (
            ["vae", "--prune", "--score-every", "1steps", "--metrics", "fid,prdc", "--score-metrics", "prdc"],
            "--prune: fid is not computed over training: name it with --score-metrics",
        ),
        (["vae", "--reference-split", "validation"], "the search chooses by the validation split"),
        (["vae", "--seed", "x"], "--seed=x must be a whole number, 0 or more"),
        (["vae", "--format", "json"], "--format=json is of --plan: give that too"),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_trained(genharness, tmp_path, home, arguments, message):
    done = genharness("search", *QUICK, *arguments, GENHARNESS_HOME=home)
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert any(message in line for line in lines)
    assert not (tmp_path / "results").exists()


def test_a_plan_says_where_it_looks_and_what_it_reports(genharness, home):
    done = genharness("search", "vae", *QUICK, "--plan", GENHARNESS_HOME=home)
    assert done.returncode == 0
    assert "tpe search of 20 tries over latent 4 to 128 (log), lr 0.0001 to 0.01 (log)" in done.stdout
    assert "validation split of digits#validation=251, seed 0; the best again with 5 fresh seeds" in done.stdout


def test_a_plan_says_how_many_cells_may_come_and_how_long_they_take_also_in_json(genharness, tmp_path, home):
    done = genharness("search", "vae", *QUICK, *SMALL, "--plan", GENHARNESS_HOME=home)
    assert done.returncode == 0
    last = done.stdout.splitlines()[-2:]
    assert last[0] == "at most 5 cells to train: 3 tries, then 1 try again with 2 fresh seeds"
    assert re.fullmatch(
        r"at most about \d+ s in all \(tries [\d.]+ s, fresh seeds [\d.]+ s\); nothing was trained", last[1]
    )
    plain = json.loads(genharness("search", "vae", *QUICK, *SMALL, "--plan", "--format", "json").stdout)
    assert (plain["cells_left"], plain["tries"]["left"], plain["fresh"]["left"]) == (5, 3, 2)
    assert plain["seconds"] == pytest.approx(plain["tries"]["seconds"] + plain["fresh"]["seconds"])
    assert not (tmp_path / "results").exists()


@pytest.mark.slow
def test_a_search_that_is_killed_goes_on_and_equals_an_undisturbed_one(genharness, tmp_path, home):
    command = ["search", "vae", *QUICK, *SMALL]
    environment = {**os.environ, "GENHARNESS_HOME": home, "OMP_NUM_THREADS": "1"}
    whole_command = [sys.executable, "-m", "genharness.cli.main", *command, "--results", "killed"]
    for count in (1, 2):
        process = subprocess.Popen(whole_command, cwd=tmp_path, env=environment, start_new_session=True)
        wait_for(lambda count=count: len(records(tmp_path / "killed")) >= count)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    after = genharness(*command, "--results", "killed", GENHARNESS_HOME=home)
    whole = genharness(*command, "--results", "whole", GENHARNESS_HOME=home)
    assert after.returncode == whole.returncode == 0
    assert (
        after.stdout.splitlines()[-3].partition("validation split, ")[0]
        == whole.stdout.splitlines()[-3].partition("validation split, ")[0]
    )
    scores = [
        {one["cell_id"]: (one["scores"]["fid"], one["facts"].get("tuning_score")) for one in records(tmp_path / name)}
        for name in ("killed", "whole")
    ]
    assert scores[0] == scores[1]
    assert len(scores[0]) == 3 + 1 * 2


@pytest.mark.slow
def test_tries_that_are_worse_over_training_are_stopped_early_and_the_rest_is_reported(genharness, tmp_path, home):
    """Nine real trainings of a VAE at learning rates from useless to good."""
    pruning = ["--budget", "60steps", "--score-every", "20steps", "--prune", "--method", "random", "--tries", "9"]
    where = ["--over", "lr=1e-5..1e-2:log", "--features", "pixels", "--fresh-seeds", "2", "--confirm", "1"]
    command = ["search", "vae", *QUICK, *pruning, *where]
    done = genharness(*command, GENHARNESS_HOME=home)
    assert done.returncode == 0, done.stderr
    (kept,) = (json.loads(path.read_text()) for path in tmp_path.glob("results/searches/*.json"))
    pruned = [one for one in kept["tries"] if one["state"] == "pruned"]
    ended = [one for one in kept["tries"] if one["state"] == "done"]
    assert len(pruned) + len(ended) == 9
    assert 0 < len(pruned) < 5
    assert f"best of {len(ended)} tries, {len(pruned)} more pruned, by FD" in done.stdout
    by_cell = {one["cell_id"]: one for one in records(tmp_path / "results")}
    for one in pruned:
        step = max(map(int, one["over_training"]))
        others = [other["over_training"][str(step)] for other in ended if other["number"] < one["number"]]
        assert one["over_training"][str(step)] > statistics.median(others)
        record = by_cell[one["cell"]]
        assert record["status"] == "interrupted"
        assert step < 60
        assert record["reason"].startswith(f"the search pruned lr={one['options']['lr']} at step {step}: worse")
    again = genharness(*command, GENHARNESS_HOME=home)
    assert again.stdout.splitlines()[-3:] == done.stdout.splitlines()[-3:]
