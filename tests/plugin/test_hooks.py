"""The example of every hook, taken from its docstring, installed as it stands, and used."""

import csv
import functools
import json
import os
import subprocess
import sys
import tomllib

import numpy as np
import pytest
import scipy.linalg

from distributions import install
from genharness.plugin.registry import load_registry
from genharness.scaffold.examples import KINDS, example_of
from genharness.testing import dataset_checks, extractor_checks, metric_checks, model_checks

EXAMPLES = {
    "models": "pixel-gaussian",
    "datasets": "stripes",
    "extractors": "thumbnails",
    "metrics": "brightness",
    "executors": "here",
    "reporters": "tsv",
    "trackers": "losses",
}
CHOICE = "--models pixel-gaussian,noise --datasets stripes --features thumbnails --metrics brightness,fid"
RUN = f"run --no-baselines {CHOICE} --executor here --tracker losses --set losses.file=lines.csv --results r"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder into which all examples are installed."""
    folder = tmp_path_factory.mktemp("site")
    for kind in KINDS:
        files = example_of(kind)
        project = tomllib.loads(files.pop("pyproject.toml"))["project"]
        install(folder, project["name"], project["version"], files, project["entry-points"]["genharness"])
    return folder


@pytest.fixture(scope="module")
def used(site, tmp_path_factory):
    """A folder in which a run used all examples, and the function that runs commands there."""
    folder = tmp_path_factory.mktemp("used")
    path = os.pathsep.join(part for part in (str(site), os.environ.get("PYTHONPATH", "")) if part)
    own = {"PYTHONPATH": path, "GENHARNESS_HOME": str(folder / "home"), "COLUMNS": "100", "OMP_NUM_THREADS": "1"}

    def genharness(*arguments):
        command = [sys.executable, "-m", "genharness.cli.main", *arguments]
        env = {**os.environ, **own}
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    genharness(*RUN.split())
    return folder, genharness


@functools.cache
def records(folder):
    """The run's records by model."""
    paths = (folder / "r" / "records").glob("*.json")
    return {record["cell"]["model"]: record for record in map(json.loads, (path.read_text() for path in paths))}


def images(folder, cell):
    """The real images and those that a cell drew."""
    with np.load(folder / "r" / "cells" / cell / "samples.npz") as drawn:
        return np.load(folder / "home" / "data" / "stripes" / "train" / "images.npy"), drawn["images"]


def columns(text):
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_is_whole(kind):
    project, light, *heavy = example_of(kind)
    assert project == "pyproject.toml"
    assert light.endswith("/__init__.py")
    assert len(heavy) == 1


def test_every_example_is_listed(used):
    listed = json.loads(used[1]("list", "--format", "json"))
    for kind, name in EXAMPLES.items():
        assert [entry["provider"] for entry in listed[kind] if entry["name"] == name] == [f"{name} 1.0"]


def test_the_dataset_is_prepared_as_its_spec_says(used):
    described = used[1]("data", "info", "stripes")
    assert "16x16x1" in described
    assert "horizontal" in described


def test_the_model_is_trained_and_learns(used):
    losses = records(used[0])["pixel-gaussian"]["history"]["losses"]["nll"]
    assert losses[-1] < losses[0]


def test_the_metric_scores_the_samples_that_were_drawn(used):
    for record in records(used[0]).values():
        real, fake = images(used[0], record["cell_id"])
        assert record["scores"]["brightness_gap"] == pytest.approx(abs(real.mean() - fake.mean()))


def test_the_extractor_gives_the_features_that_are_scored(used):
    def thumbnails(pixels):
        return pixels.reshape(len(pixels), 4, 4, 4, 4).mean((2, 4)).reshape(len(pixels), 16) / 255

    record = records(used[0])["pixel-gaussian"]
    real, fake = map(thumbnails, images(used[0], record["cell_id"]))
    covariances = np.cov(real.T), np.cov(fake.T)
    cross = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    distance = ((real.mean(0) - fake.mean(0)) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * cross)
    assert record["protocol"]["extractor"] == "thumbnails"
    assert record["scores"]["fid"] == pytest.approx(distance, rel=1e-4)


def test_the_executor_runs_every_cell(used):
    assert {model: record["status"] for model, record in records(used[0]).items()} == {
        "pixel-gaussian": "ok",
        "noise": "ok",
    }


def test_the_reporter_renders_what_the_records_say(used):
    rows = columns(used[1]("leaderboard", "r", "--format", "tsv"))
    scores = {row["model"]: float(row["brightness_gap"]) for row in rows}
    assert scores == {model: record["scores"]["brightness_gap"] for model, record in records(used[0]).items()}


def test_the_tracker_hears_of_losses_and_records(used):
    lines = [line.split(",") for line in (used[0] / "lines.csv").read_text().splitlines()]
    trained = records(used[0])["pixel-gaussian"]["cell_id"]
    assert [trained, "nll"] in [[line[0], line[2]] for line in lines if len(line) == 4]
    ended = {tuple(line) for line in lines if len(line) == 2}
    assert ended == {(record["cell_id"], "ok") for record in records(used[0]).values()}


@pytest.mark.parametrize("hook", ["models", "datasets", "extractors", "metrics"])
def test_an_example_keeps_its_contract(hook, site, monkeypatch):
    monkeypatch.syspath_prepend(str(site))
    spec = getattr(load_registry(), hook)[EXAMPLES[hook]]
    checks = {
        "models": model_checks,
        "datasets": dataset_checks,
        "extractors": extractor_checks,
        "metrics": metric_checks,
    }
    for check in checks[hook]([spec]):
        if not check.gpu:
            check()
