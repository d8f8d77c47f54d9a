"""A table's rows: standardised, in the data's own units, and the way between them."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.datasets import load_breast_cancer

from genharness.cli.main import cli
from genharness.data import ensure_prepared
from genharness.data.meta import read_meta, write_meta
from genharness.plugin.registry import load_registry

TABLE = ("--dataset", "breast-cancer", "--features", "identity", "--metrics", "fid,tabular", "--format", "json")


def prepared():
    return ensure_prepared(load_registry().datasets.find("breast-cancer"), "breast-cancer")


def invoke(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def evaluate(*arguments):
    done = invoke("evaluate", *arguments)
    assert done.exit_code == 0, (done.exception, done.stderr)
    values = json.loads(done.stdout)[0]["rows"][0]["values"]
    return SimpleNamespace(said=done.stderr, **{key: value["mean"] for key, value in values.items()})


@pytest.fixture
def own(tmp_path):
    """Held-out rows as the source has them."""
    rows = prepared().units.raw(prepared().samples("test"))
    assert np.abs(load_breast_cancer().data - rows[0]).max(axis=1).min() < 1e-3
    np.save(tmp_path / "own.npy", rows)
    return tmp_path / "own.npy"


def test_rows_in_their_own_units_are_standardised_when_asked(own, tmp_path):
    np.save(tmp_path / "standard.npy", prepared().samples("test"))
    standard, raw = evaluate(tmp_path / "standard.npy", *TABLE), evaluate(own, *TABLE, "--units", "raw")
    assert (raw.fid, raw.ks) == pytest.approx((standard.fid, standard.ks), rel=1e-4)
    assert "units" not in raw.said


def test_in_which_units_rows_are_taken_is_said(own, tmp_path):
    np.save(tmp_path / "standard.npy", prepared().samples("test"))
    assert "rows are taken to be standardised, as breast-cancer is" in evaluate(tmp_path / "standard.npy", *TABLE).said
    wrong = evaluate(own, *TABLE)
    assert (
        "rows look as if they were in their own units, and breast-cancer is standardised: give --units raw"
        in wrong.said
    )
    assert "units" not in evaluate(own, *TABLE, "--units", "standard").said


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--reference", "own.npy", "--features", "identity", "--units", "raw"), "--units goes with --dataset"),
        (("--dataset", "digits", "--units", "raw"), "digits holds images, which have no units"),
        (("--dataset", "breast-cancer", "--units", "metric"), "not one of: standard | raw"),
    ],
)
def test_units_that_cannot_be_asked_for_are_refused(own, tmp_path, monkeypatch, arguments, reason):
    monkeypatch.chdir(tmp_path)
    np.savez("images.npz", images=np.zeros((9, 8, 8), np.uint8))
    done = invoke("evaluate", "images.npz" if "digits" in arguments else "own.npy", *arguments)
    assert reason in str(done.exception) + done.stderr


def test_where_the_units_of_a_table_are_not_recorded_it_is_said_how_they_will_be(own):
    data = prepared()
    meta = read_meta(data.folder)
    object.__setattr__(meta, "scales", ())
    object.__setattr__(meta, "offsets", ())
    write_meta(data.folder, meta)
    done = invoke("evaluate", own, *TABLE, "--units", "raw")
    assert "prepare it again with `genharness data prepare breast-cancer --force`" in str(done.exception)


def test_sample_writes_the_datas_own_units_and_evaluate_knows_them_again(tmp_path):
    results = tmp_path / "results"
    run = (
        "run",
        "--no-baselines",
        "--models",
        "gaussian",
        "--datasets",
        "breast-cancer",
        "--features",
        "identity",
        "--metrics",
        "fid",
    )
    assert invoke(*run, "--samples", 100, "--results", results).exit_code == 0
    for units in ("raw", "standard"):
        out = tmp_path / f"{units}.npz"
        done = invoke("sample", "gaussian", "--results", results, "-n", 100, "--out", out, "--units", units)
        assert done.exit_code == 0, done.exception
    raw, standard = (dict(np.load(tmp_path / f"{units}.npz")) for units in ("raw", "standard"))
    assert str(raw["units"]) == "raw"
    np.testing.assert_allclose(raw["rows"], prepared().units.raw(standard["rows"]), rtol=1e-6)
    assert abs(np.median(raw["rows"][:, 3]) - np.median(load_breast_cancer().data[:, 3])) < 300
    one, other = (evaluate(tmp_path / f"{units}.npz", *TABLE) for units in ("raw", "standard"))
    assert one.fid == pytest.approx(other.fid, rel=1e-4)
    assert "rows in their own units, as the file says, standardised as breast-cancer is" in one.said
