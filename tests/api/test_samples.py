"""`genharness.evaluate`: the command line's scores, from what a program holds."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.datasets import load_digits

from genharness.api import evaluate
from genharness.cli.evaluate import evaluate as command
from genharness.errors import ConfigError, DataError
from genharness.results.store import Store

IMAGES = (load_digits().images[:80] * 15.9375).astype(np.uint8)[:, None]
FAST = {"dataset": "digits", "features": "pixels", "metrics": "fid,prdc"}


def test_scores_are_those_of_the_command_line_bit_for_bit(tmp_path):
    np.save(tmp_path / "good.npy", IMAGES)
    options = ["--dataset", "digits", "--features", "pixels", "--metrics", "fid,prdc", "--format", "json"]
    said = json.loads(CliRunner().invoke(command, [str(tmp_path / "good.npy"), *options]).stdout)
    (row,) = said[0]["rows"]
    scored = evaluate(IMAGES, **FAST)
    assert scored.record.protocol_hash == said[0]["protocol_hash"]
    assert {key: value["mean"] for key, value in row["values"].items() if key in scored.scores} == scored.scores


def test_a_path_and_the_array_in_it_score_alike(tmp_path):
    np.save(tmp_path / "good.npy", IMAGES)
    assert evaluate(tmp_path / "good.npy", **FAST).scores == evaluate(IMAGES, **FAST).scores


def test_samples_are_compared_with_samples():
    scored = evaluate(IMAGES[:40], reference=IMAGES[40:], features="pixels", metrics=["fid"])
    assert scored["fid"] > 0
    assert scored.record.cell.dataset == "file:reference"
    assert evaluate(IMAGES, reference=IMAGES, features="pixels", metrics="fid")["fid"] == pytest.approx(0, abs=1e-8)


def test_a_row_has_scores_and_errors_and_a_notebook_shows_them():
    scored = evaluate(IMAGES, **FAST)
    (row,) = scored.rows()
    assert row["fid"] == scored["fid"]
    assert row["error.fid"] == scored.errors["fid"]
    assert "fid" in scored._repr_html_()


def test_what_a_metric_cannot_score_is_named(tmp_path):
    missing = evaluate(IMAGES, dataset="digits", features="pixels", metrics="fid,likelihood").missing
    assert missing == {"likelihood": "a set of samples gives no likelihood"}


def test_registered_scores_stand_in_the_results_folder_with_the_pictures_of_metrics(tmp_path):
    asked = {**FAST, "metrics": "fid,copies"}
    scored = evaluate(IMAGES, **asked, name="mine", results=tmp_path / "results", register=True)
    store = Store(tmp_path / "results")
    (record,) = store.records()
    assert (record.cell.model, record.scores) == ("mine", scored.scores)
    assert record.artefacts
    assert all((store.cell(record.cell.id).path / name).is_file() for name in record.artefacts.values())


def test_bands_of_real_samples_come_when_they_are_wanted():
    assert evaluate(IMAGES, **FAST, bands=True).record.bands["fid"]["low"] > 0
    assert evaluate(IMAGES, **FAST, bands=False).record.bands == {}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"dataset": "digts"}, ConfigError, "did you mean 'digits'"),
        ({"metrics": "fidd"}, ConfigError, "did you mean 'fid'"),
        ({"protocol": "publisht"}, ConfigError, "protocol=publisht is not one of"),
        ({"seed": -1}, ConfigError, "seed=-1 is out of range"),
        ({"count": 1}, ConfigError, "count=1 is out of range"),
        ({"count": 500}, DataError, "holds 80 samples"),
        ({"dataset": ""}, ConfigError, "say what to compare with"),
        ({"labels": [1, 2]}, DataError, "give one label for each"),
        ({"device": "gpu"}, ConfigError, "is none of auto, cpu"),
        ({"set": {"prdc": {"k": "many"}}}, ConfigError, "not a whole number"),
        ({"metrics": "likelihood"}, ConfigError, "nothing could be scored: likelihood: a set of samples gives"),
    ],
    ids=str,
)
def test_mistakes_are_exceptions_with_a_line_each(changes, error, message):
    with pytest.raises(error, match=message):
        evaluate(IMAGES, **{**FAST, **changes})
