"""`genharness results`: what is listed, what goes, and what is asked before."""

import json

import pytest

from board_records import record
from genharness.results.store import Store


@pytest.fixture
def results(tmp_path):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    for seed in range(2):
        for lr in (1e-3, 1e-4):
            store.save(record("vae", 1.0, seed=seed, options={"lr": lr}))
    return store


def test_cells_are_listed_and_removed_by_setting_after_a_dry_run_and_a_question(genharness, results):
    listed = json.loads(genharness("results", "list", "--json", "--where", "seed=1").stdout)
    assert [one["seed"] for one in listed] == [1, 1]
    chosen = ("results", "remove", "--where", "lr=1e-3")
    dry = genharness(*chosen, "--dry-run")
    assert "nothing was removed" in dry.stdout
    assert len(results.ids()) == 4
    assert genharness(*chosen).returncode == 130  # nobody answers
    assert len(results.ids()) == 4
    done = genharness(*chosen, "--yes")
    assert done.returncode == 0, done.stderr
    assert "removed 2 cells" in done.stdout
    assert {one.cell.options["lr"] for one in results.records()} == {1e-4}


def test_every_cell_is_listed_with_what_tells_it_apart(genharness, results):
    results.save(record("vae", None, seed=2, status="failed", options={"lr": 1e-3}))
    lines = genharness("results", "list", "--status", "finished", "--where", "seed=0").stdout.splitlines()
    assert {" ".join(line.split()[1:4]) for line in lines[1:3]} == {"vae lr=0.0001 ok", "vae lr=0.001 ok"}
    assert lines[3].startswith("2 cells")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--status", "broken"), "no cell ends as 'broken'; known: diverged, failed, interrupted, ok"),
        (("--models", "vea"), "no results of the model 'vea'; did you mean 'vae'?"),
        (("--dataset", "digit"), "no results of the dataset 'digit'; did you mean 'digits'?"),
        (("--models", "vae,gna"), "no results of the model 'gna'"),
        (("--cell", "vae", "--cell", "gan-1"), "no cell 'gan-1'"),
        (("--where", "lr=1e-3", "--models", "vae,gna"), "no results of the model 'gna'"),
        (("--cell", ""), "--cell names nothing: name one, or leave it out"),
        (("--cell", "vae", "--cell", " "), "--cell names nothing"),
        (("--status", "ok", "--models", ""), "--models names nothing"),
        (("--status", "ok", "--models", ","), "--models names nothing"),
        (("--status", "ok", "--dataset", ""), "--dataset names nothing"),
        (("--models", "vae", "--status", ""), "--status names nothing"),
        (("--where", "lrr=1"), "--where: no cell has a setting 'lrr'; did you mean 'lr'?"),
    ],
)
def test_a_choice_that_no_cell_can_fit_is_refused(genharness, results, options, message):
    for command in (("list",), ("remove", "--yes")):
        done = genharness("results", *command, *options)
        assert done.returncode == 2
        assert message in done.stderr
    assert genharness("results", "remove", "--where", "lr=7", "--yes").returncode == 0
    assert len(results.ids()) == 4


def test_without_a_choice_nothing_is_removed(genharness, results):
    done = genharness("results", "remove", "--yes")
    assert done.returncode == 2
    assert "name what is to go" in done.stderr
    assert len(results.ids()) == 4


def test_cells_of_a_dataset_are_chosen_by_the_path_that_a_run_was_given(genharness, results):
    folder = results.folder.parent
    results.save(record("vae", 1.0, dataset=f"csv:{folder}/wine.csv"))
    listed = json.loads(genharness("results", "list", "--json", "--dataset", "csv:wine.csv").stdout)
    assert [one["dataset"] for one in listed] == [f"csv:{folder}/wine.csv"]


def test_the_id_of_a_cell_stands_on_one_line_however_narrow_the_screen(genharness, results):
    results.save(record("vae", 1.0, dataset="digits#validation=251", options={"lr": 1e-3, "likelihood": "bernoulli"}))
    (long,) = (cell_id for cell_id in results.ids() if "validation" in cell_id)
    listed = genharness("results", "list", "--dataset", "digits#validation=251", COLUMNS="60").stdout
    assert any(line.startswith(f"{long} ") for line in listed.splitlines()), listed
