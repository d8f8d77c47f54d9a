"""`genharness sample`: more samples from a finished cell."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from genharness.cells.cell import run_task
from genharness.cli.sample import sample
from genharness.data.facts import facts_reader
from genharness.errors import GenharnessError
from genharness.images.samples import read_images
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.cell import Cell, Settings
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record
from genharness.study.plan import expand
from genharness.study.suite import Suite

COUNT = 60
DDPM = {"ch": 4, "mult": [1], "attention": 0, "T": 10, "sampler": "ddpm", "steps": 2, "bound_terms": 1}


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """A conditional model that was trained with an average, one with options of sampling, and a reference row."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("GENHARNESS_HOME", str(home))
        results = tmp_path_factory.mktemp("study") / "results"
        suite = Suite(
            models=("acgan", "ddpm", "real"),
            baselines=False,
            datasets=("digits",),
            metrics=("fid",),
            budget="3steps",
            samples=COUNT,
            set={"classifier": {"steps": 10}, "acgan": {"ema": 0.5, "batch_size": 16}, "ddpm": DDPM},
        )
        registry = load_registry()
        settings = Settings(results=results, score_every="1steps", score_samples=20)
        tasks = expand(suite, registry, settings, facts_reader(registry)).tasks
        records = {task.cell.model: run_task(task, lambda event: None, lambda: False) for task in tasks}
    assert {record.status for record in records.values()} == {"ok"}, records
    return SimpleNamespace(home=home, results=results, records=records)


@pytest.fixture
def draw(cells, monkeypatch):
    """Run `genharness sample` in this process; a GenharnessError is exit code 2 and its text."""
    monkeypatch.setenv("GENHARNESS_HOME", str(cells.home))

    def run(model, *arguments, results=cells.results):
        cell = cells.records[model].cell.id if model in cells.records else model
        done = CliRunner().invoke(sample, [cell, *map(str, arguments), "--results", str(results)])
        if done.exception is not None and not isinstance(done.exception, (SystemExit, GenharnessError)):
            raise done.exception
        failed = isinstance(done.exception, GenharnessError)
        text = str(done.exception) if failed else done.output
        return SimpleNamespace(code=2 if failed else done.exit_code, text=text)

    return run


@pytest.mark.parametrize("model", ["acgan", "real"])
def test_the_samples_that_were_scored_can_be_drawn_again(cells, draw, tmp_path, model):
    out = tmp_path / "fakes.npz"
    assert draw(model, "-n", COUNT, "--out", out).code == 0
    scored = np.load(cells.results / "cells" / cells.records[model].cell.id / "samples.npz")
    again = np.load(out)
    assert {name: again[name].tolist() for name in again} == {name: scored[name].tolist() for name in scored}


def test_the_best_checkpoint_gives_the_samples_of_its_step(cells, draw, tmp_path):
    record = cells.records["acgan"]
    done = draw("acgan", "-n", 8, "--checkpoint", "best", "--out", tmp_path / "best.npz")
    best = record.history.best
    assert f"at its best fid, {best.value:.4g} at step {best.step}" in done.text
    folder = cells.results / "trainings" / record.training
    last = (folder / "checkpoint.pt").read_bytes()
    (folder / "best.pt").rename(folder / "aside.pt")
    (folder / "best.pt").write_bytes(last)  # now the last one's under that name
    draw("acgan", "-n", 8, "--checkpoint", "best", "--out", tmp_path / "last.npz")
    (folder / "aside.pt").replace(folder / "best.pt")
    with np.load(tmp_path / "best.npz") as one, np.load(tmp_path / "last.npz") as other:
        assert (one["images"] == other["images"]).all() == (best.step == 3)


def test_drawing_from_an_early_best_checkpoint_trains_no_further_and_writes_nothing(cells, draw, tmp_path):
    """The step at which a checkpoint is best is made the first of three: its weights are not the last ones."""
    folder = cells.results / "trainings" / cells.records["acgan"].training
    kept = {name: (folder / name).read_bytes() for name in ("best.pt", "checkpoint.pt")}
    early = torch.load(folder / "checkpoint.pt", weights_only=True)
    early["finished"], early["step"] = False, 1
    early["average"]["average"] = {key: value * 0 for key, value in early["average"]["average"].items()}
    try:
        torch.save(early, folder / "best.pt")
        before = {name: (folder / name).read_bytes() for name in kept}
        assert draw("acgan", "-n", 8, "--checkpoint", "best", "--out", tmp_path / "early.npz").code == 0
        assert {name: (folder / name).read_bytes() for name in kept} == before
    finally:
        (folder / "best.pt").write_bytes(kept["best.pt"])
        (folder / "checkpoint.pt").write_bytes(kept["checkpoint.pt"])
    assert draw("acgan", "-n", 8, "--out", tmp_path / "last.npz").code == 0
    with np.load(tmp_path / "early.npz") as one, np.load(tmp_path / "last.npz") as other:
        assert (one["images"] != other["images"]).any()


def test_a_cell_without_a_best_checkpoint_says_how_to_have_one(draw, tmp_path):
    done = draw("real", "--checkpoint", "best", "--out", tmp_path / "x.npz")
    assert done.code == 2
    assert "--score-every" in done.text


def test_samples_are_drawn_otherwise_from_the_same_checkpoint(cells, draw, tmp_path):
    folder = cells.results / "trainings" / cells.records["ddpm"].training
    before = (folder / "checkpoint.pt").read_bytes()
    same, other = tmp_path / "same.npz", tmp_path / "other.npz"
    assert draw("ddpm", "-n", 4, "--set", "ddpm.steps=2", "--out", same).code == 0
    assert draw("ddpm", "-n", 4, "--set", "ddpm.steps=5", "--out", other).code == 0
    assert draw("ddpm", "-n", 4, "--out", tmp_path / "own.npz").code == 0
    own, two, five = (np.load(path)["images"] for path in (tmp_path / "own.npz", same, other))
    assert np.array_equal(own, two)
    assert not np.array_equal(two, five)
    assert (folder / "checkpoint.pt").read_bytes() == before


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("ddpm.steps=11", "steps=11 is more than the chain has: at most T=10"),
        ("ddpm.steps=0", "ddpm.steps=0 is out of range"),
        ("ddpm.sampler=dimm", "ddpm.sampler=dimm is not one of: ddpm | ddim"),
        ("ddpm.stepps=5", "ddpm has no option 'stepps'; did you mean 'steps'"),
        ("ddpm.guidance=2", "guidance=2 needs classes to guide to"),
        ("ddpm.lr=1", "ddpm.lr was read by training: run the model with it, or leave it out"),
        ("ddmp.steps=5", "--set ddmp is not the cell's model; did you mean 'ddpm'"),
        ("steps=5", "--set steps=5' must read NAME.OPTION=VALUE"),
    ],
)
def test_what_cannot_be_drawn_otherwise_is_refused(draw, tmp_path, given, why):
    done = draw("ddpm", "-n", 4, "--set", given, "--out", tmp_path / "x.npz")
    assert done.code == 2
    assert why in done.text.replace("'steps=5'", "steps=5'")
    assert not (tmp_path / "x.npz").exists()


def test_another_seed_gives_other_samples_and_the_same_one_the_same(draw, tmp_path):
    paths = [tmp_path / f"{name}.npz" for name in "abc"]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        assert draw("acgan", "-n", 5, "--seed", seed, "--out", path).code == 0
    a, b, c = (np.load(path)["images"] for path in paths)
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_classes_are_made_in_turn_and_a_folder_keeps_them_as_evaluate_reads_them(draw, tmp_path):
    out = tmp_path / "fakes"
    assert draw("acgan", "-n", 7, "--labels", "3,8", "--out", out).code == 0
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.png"))[:2] == ["3-3/0.png", "3-3/2.png"]
    assert np.bincount(read_images(out).labels).tolist() == [4, 3]
    with Image.open(out / "8-8" / "1.png") as picture:
        assert picture.size == (8, 8)


@pytest.mark.parametrize(
    ("model", "arguments", "message"),
    [
        ("real", ["-n", 600], "real can give no more than the 539 held-out samples of the data, not 600"),
        ("real", ["--labels", "3", "-n", 2], "real does not make the classes that are asked for: leave --labels out"),
        ("acgan", ["--labels", "11", "-n", 2], "digits has no class '11'"),
        ("acgn-digits", [], "no cell 'acgn-digits'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line_and_leaves_nothing(draw, tmp_path, model, arguments, message):
    done = draw(model, *arguments, "--out", tmp_path / "fakes")
    assert done.code == 2
    assert message in done.text
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_kept_unless_forced(draw, tmp_path):
    out = tmp_path / "fakes.npz"
    assert draw("acgan", "-n", 2, "--out", out).code == 0
    before = out.read_bytes()
    refused = draw("acgan", "-n", 3, "--out", out)
    assert (refused.code, out.read_bytes()) == (2, before)
    assert "exists: name another --out, or write over it with --force" in refused.text
    assert draw("acgan", "-n", 3, "--out", out, "--force").code == 0
    assert len(np.load(out)["images"]) == 3


def test_force_never_deletes_a_folder_of_other_files(draw, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years of work")
    done = draw("acgan", "-n", 2, "--out", tmp_path / "thesis", "--force")
    assert done.code == 2
    assert "holds other files, such as chapter.tex" in done.text
    assert (tmp_path / "thesis" / "chapter.tex").exists()


def _saved(folder, **changes):
    protocol = Protocol(extractor="classifier", sample_count=10)
    cell = Cell(model="vae", dataset="digits", seed=0, budget="smoke", length="4steps", protocol=protocol)
    store = Store(folder)
    store.open_for_writing()
    store.save(Record(**{"cell": cell, "status": "ok", **changes}))
    return store, cell


def test_a_cell_that_keeps_no_checkpoint_says_how_to_have_one(draw, tmp_path):
    _saved(tmp_path / "results")
    done = draw("vae-digits", "--out", tmp_path / "fakes", results=tmp_path / "results")
    assert "keeps no checkpoint: run it again with --keep checkpoints --fresh" in done.text


def test_a_cell_that_has_not_finished_is_refused(draw, tmp_path):
    _saved(tmp_path / "results", status="interrupted")
    done = draw("vae-digits", "--out", tmp_path / "fakes", results=tmp_path / "results")
    assert "has not finished (interrupted): run it again first" in done.text


def test_samples_made_elsewhere_have_no_model_to_draw_from(draw, tmp_path):
    protocol = Protocol(extractor="classifier", sample_count=10)
    cell = Cell(model="ext", dataset="digits", seed=0, budget="external", length="0steps", protocol=protocol)
    _saved(tmp_path / "results", cell=cell, source="external")
    done = draw("ext-digits", "--out", tmp_path / "fakes", results=tmp_path / "results")
    assert f"{cell.id} is of samples made elsewhere: genharness has no model to draw from" in done.text


def test_a_damaged_checkpoint_is_named(cells, draw, tmp_path):
    store, cell = _saved(tmp_path / "results")
    store.cell(cell.id).path.mkdir()
    (store.cell(cell.id).path / "checkpoint.pt").write_bytes(b"no checkpoint")
    done = draw("vae-digits", "-n", 2, "--out", tmp_path / "fakes", results=tmp_path / "results")
    assert done.code == 2
    assert f"the checkpoint of {cell.id} is unusable" in done.text


def test_code_that_changed_since_a_cell_was_trained_is_told(cells, draw, tmp_path, monkeypatch):
    assert "warning" not in draw("acgan", "-n", 2, "--out", tmp_path / "a.npz").text
    lines = ["code of acgan changed"]
    monkeypatch.setattr("genharness.results.provenance.Provenance.of_training", lambda self, record: lines)
    done = draw("acgan", "-n", 2, "--out", tmp_path / "b.npz")
    assert f"warning: {cells.records['acgan'].cell.id}: code of acgan changed since" in done.text
