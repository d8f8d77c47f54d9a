"""A results folder that was written on another machine: other caches, and data that may not be there."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from genharness.cells.cell import run_task
from genharness.cli.main import cli
from genharness.data.facts import facts_reader
from genharness.errors import GenharnessError
from genharness.plugin.registry import load_registry
from genharness.spec.cell import Settings
from genharness.study.plan import expand
from genharness.study.suite import Suite


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Two cells on a folder of pictures, and the pictures themselves, on the machine of then."""
    folder = tmp_path_factory.mktemp("then")
    draw = np.random.default_rng(0)
    for name in "ab":
        (folder / "pictures" / name).mkdir(parents=True)
        for place in range(40):
            values = draw.integers(0, 100 if name == "a" else 250, (8, 8))
            Image.fromarray(values.astype(np.uint8)).save(folder / "pictures" / name / f"{place}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENHARNESS_HOME", str(folder / "home"))
        suite = Suite(
            models=("gan", "real"),
            baselines=False,
            datasets=(f"folder:{folder / 'pictures'}",),
            metrics=("fid",),
            budget="3steps",
            samples=8,
            set={"classifier": {"steps": 10}, "gan": {"batch_size": 8, "width": 8}},
        )
        registry = load_registry()
        tasks = expand(suite, registry, Settings(results=folder / "results"), facts_reader(registry)).tasks
        records = {task.cell.model: run_task(task, lambda event: None, lambda: False) for task in tasks}
    assert {record.status for record in records.values()} == {"ok"}, records
    return SimpleNamespace(folder=folder, cells={model: record.cell.id for model, record in records.items()})


@pytest.fixture
def here(written, tmp_path, monkeypatch):
    """The folder as it arrived: the pictures are not here, and nothing is cached."""
    shutil.copytree(written.folder / "results", tmp_path / "results")
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path / "home"))
    aside = written.folder / "aside"
    (written.folder / "pictures").rename(aside)
    pictures = written.folder / "pictures"
    yield SimpleNamespace(results=tmp_path / "results", pictures=pictures, kept=aside, cells=written.cells)
    shutil.rmtree(pictures, ignore_errors=True)
    aside.rename(pictures)


def images(path):
    with np.load(path) as content:
        return content["images"]


def command(*arguments):
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, (SystemExit, GenharnessError)):
        raise done.exception
    failed = isinstance(done.exception, GenharnessError)
    return SimpleNamespace(code=2 if failed else done.exit_code, text=str(done.exception) if failed else done.output)


def test_leaderboard_and_compare_need_nothing_but_the_records(here):
    ranked = command("leaderboard", here.results)
    assert (ranked.code, "real" in ranked.text, "gan" in ranked.text) == (0, True, True)
    compared = command("compare", "gan", "real", "--results", here.results)
    assert (compared.code, "gan - real" in compared.text) == (0, True)


@pytest.mark.parametrize("arguments", [["sample", "gan"], ["sample", "real"], ["rerun", "gan"]])
def test_what_needs_the_data_says_where_it_was_and_what_is_missing(here, tmp_path, arguments):
    name, model = arguments
    more = ["-n", 4, "--out", tmp_path / "x.npz"] if name == "sample" else []
    done = command(name, here.cells[model], "--results", here.results, *more)
    assert done.code == 2
    assert f"{here.cells[model]} was trained on folder:" in done.text
    assert f"{here.pictures} does not exist" in done.text
    assert not (tmp_path / "x.npz").exists()


def test_with_the_data_in_its_place_samples_are_those_of_then(here, tmp_path):
    shutil.copytree(here.kept, here.pictures)
    for model, cell in here.cells.items():
        done = command("sample", cell, "--results", here.results, "-n", 8, "--out", tmp_path / f"{model}.npz")
        assert done.code == 0, done.text
        assert (images(tmp_path / f"{model}.npz") == images(here.results / "cells" / cell / "samples.npz")).all()


@pytest.mark.parametrize("arguments", [["sample", "real"], ["rerun", "gan"]])
def test_other_data_under_the_same_name_is_refused(here, tmp_path, arguments):
    shutil.copytree(here.kept, here.pictures)
    (here.pictures / "a" / "0.png").unlink()
    name, model = arguments
    more = ["-n", 4, "--out", tmp_path / "x.npz"] if name == "sample" else []
    done = command(name, here.cells[model], "--results", here.results, *more)
    assert done.code == 2
    assert "holds other data here" in done.text
