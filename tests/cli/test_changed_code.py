"""Code, files and data that change under the same version: what a user's commands make of it, end to end."""

import json

import pytest

from acme_plugin import ACME, Acme

pytestmark = pytest.mark.slow

STUDY = ("--datasets", "digits", "--features", "look", "--metrics", "gap", "--samples", "60")


@pytest.fixture
def acme(make_plugin):
    return Acme(make_plugin("acme", ACME))


@pytest.fixture
def run(genharness, acme, tmp_path, tmp_path_factory):
    """Run the study, whose homes are one, and return the command and the rows of its board by model."""
    home = tmp_path_factory.mktemp("home")

    def go(*arguments, models="filled"):
        done = genharness("run", *STUDY, "--no-baselines", "--models", models, *arguments, GENHARNESS_HOME=str(home))
        assert done.returncode == 0, done.stderr
        if "--plan" in arguments:
            return done.stdout, {}
        board = genharness("leaderboard", "results", "--format", "json", GENHARNESS_HOME=str(home))
        (group,) = json.loads(board.stdout)
        return done.stdout, {row["model"]: row for row in group["rows"]}

    return go


def gap(rows, model="filled"):
    return rows[model]["values"]["gap"]["mean"]


def records(tmp_path):
    return sorted((tmp_path / "results" / "records").glob("*.json"))


def test_an_edited_model_is_run_again_under_the_same_version(run, acme, tmp_path):
    _, before = run("--set", "filled.level=0.5")
    acme.change("acme_level.py", "1.0", "-1.0")
    plan, _ = run("--set", "filled.level=0.5", "--plan")
    assert "run: code of filled changed" in plan
    assert "1 finished cell runs again: code of filled changed; --keep-finished takes what is there" in plan
    kept, rows = run("--set", "filled.level=0.5", "--keep-finished")
    assert "1 finished cell is used as it is: code of filled changed" in kept
    assert gap(rows) == gap(before)
    assert rows["filled"]["other_code"] == ["code of filled changed"]
    said, after = run("--set", "filled.level=0.5")
    assert "1 finished cell runs again" in said
    assert gap(after) != gap(before)
    assert after["filled"]["other_code"] == []
    assert len(records(tmp_path)) == 2


def test_an_edited_metric_and_extractor_are_scored_again_and_nothing_is_trained(run, acme, tmp_path):
    _, before = run()
    acme.change("acme_gap.py", "OFFSET = 0.0", "OFFSET = 7.0")
    said, offset = run()
    assert "1 finished cell is scored again: code of metric gap changed" in said
    assert gap(offset) == pytest.approx(gap(before) + 7)
    acme.change("acme_look.py", "SCALE = 1.0", "SCALE = 3.0")
    _, scaled = run()
    assert gap(scaled) == pytest.approx(3 * gap(before) + 7)
    assert len(records(tmp_path)) == 1


def test_a_file_behind_an_option_is_told_by_its_content(run, tmp_path):
    weights = tmp_path / "level.txt"
    weights.write_text("0.5")
    setting = ("--set", f"filled.weights={weights}")
    _, before = run(*setting)
    assert "skip: finished" in run(*setting, "--plan")[0]
    weights.write_text("-0.5")
    assert f"content of {weights} changed" in " ".join(run(*setting, "--plan")[0].split())
    run(*setting)
    values = [json.loads(path.read_text())["scores"]["gap"] for path in records(tmp_path)]
    assert len(set(values)) == 2
    assert gap(before) in values


def test_what_no_cell_stands_on_brings_none_back(run, acme):
    run(models="filled,beside")
    acme.change("acme_beside.py", "pass", "x = 1")
    acme.change("acme_model.py", "class Filled", "# one level\nclass Filled")
    acme.change("acme_size.py", "class Size", "class Size(object)")
    acme.change("acme.py", "One grey level", "Any grey level")
    plan, _ = run("--plan", models="filled,beside")
    assert plan.count("skip: finished") == 1
    assert "run: code of beside changed" in plan
