"""`genharness verify`: agreement with the reference libraries, and what happens without it."""

import dataclasses
import json
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.datasets import load_digits

from genharness.cells import Cell
from genharness.cli.verify import verify
from genharness.errors import ConfigError, DataError
from genharness.external import Request, prepare
from genharness.external_scoring import score_samples
from genharness.registry import load_registry
from genharness.store import Store

IMAGES = (load_digits().images[:80] * 15.9375).astype(np.uint8)[:, None]
RANDOM = np.random.default_rng(0)
LIBRARIES = ("torch_fidelity", "pytorch_fid", "prdc", "torchmetrics", "vendi_score")


@pytest.fixture(autouse=True)
def _libraries():
    for name in LIBRARIES:
        pytest.importorskip(name)


def invoke(*arguments):
    return CliRunner().invoke(verify, [str(argument) for argument in arguments])


def comparisons(done, name):
    return {(one["key"], one["library"]): one for one in json.loads(done.stdout)[name]}


@pytest.fixture
def rows(tmp_path):
    real, fake = RANDOM.normal(size=(400, 6)), RANDOM.normal(size=(300, 6)) * 0.9 + 0.3
    np.save(tmp_path / "fake.npy", fake)
    np.save(tmp_path / "real.npy", real)
    return tmp_path / "fake.npy", "--reference", tmp_path / "real.npy", "--features", "identity"


def test_every_library_agrees_on_features(rows):
    done = invoke(*rows, "--metrics", "fid,kid,prdc,vendi", "--json")
    found = comparisons(done, "fake")
    assert set(found) == {
        ("fid", "torch-fidelity"),
        ("fid", "pytorch-fid"),
        ("kid", "torch-fidelity"),
        ("kid_std", "torch-fidelity"),
        ("precision", "prdc"),
        ("recall", "prdc"),
        ("density", "prdc"),
        ("coverage", "prdc"),
        ("vendi", "vendi-score"),
    }
    assert {one["verdict"] for one in found.values()} == {"agrees"}
    assert found["fid", "torch-fidelity"]["difference"] == pytest.approx(0, abs=1e-6)
    assert done.exit_code == 0


def test_torchmetrics_agrees_on_images(tmp_path):
    np.save(tmp_path / "a.npy", IMAGES)
    arguments = ("--dataset", "digits", "--features", "pixels", "--metrics", "pair-ssim,fid")
    found = comparisons(invoke(tmp_path / "a.npy", *arguments, "--json"), "a")
    assert {found[key, "torchmetrics"]["verdict"] for key in ("pair_ssim", "pair_ssim_real")} == {"agrees"}
    assert found["fid", "torch-fidelity"]["verdict"] == "agrees"  # 80 samples, 64 dimensions of which some are constant


def test_statistics_are_enough_for_the_frechet_distance(tmp_path, rows):
    real = np.load(tmp_path / "real.npy")
    np.savez(tmp_path / "stats.npz", mu=real.mean(0), sigma=np.cov(real, rowvar=False))
    done = invoke(rows[0], "--reference", tmp_path / "stats.npz", "--features", "identity", "--json")
    found = comparisons(done, "fake")
    assert found["fid", "torch-fidelity"]["verdict"] == "agrees"
    assert "statistics only" in found["kid", "torch-fidelity"]["reason"]
    assert done.exit_code == 0


def test_the_table_shows_both_numbers(rows):
    text = invoke(*rows, "--metrics", "fid").stdout
    assert "torch-fidelity" in text
    assert "agrees" in text


def test_a_missing_library_is_a_line_and_not_a_failure(rows, monkeypatch):
    monkeypatch.setitem(sys.modules, "prdc", None)
    done = invoke(*rows, "--metrics", "fid,prdc")
    assert done.exit_code == 0
    assert "prdc by prdc: prdc is missing: pip install 'genharness[verify]'" in done.stdout


def test_without_any_library_nothing_is_verified(rows, monkeypatch):
    for name in (*LIBRARIES, "pytorch_fid.fid_score"):
        monkeypatch.setitem(sys.modules, name, None)
    done = invoke(*rows, "--metrics", "fid")
    assert isinstance(done.exception, ConfigError)
    assert "nothing could be compared: torch-fidelity is missing" in str(done.exception)


def test_metrics_that_no_library_knows_are_refused(rows, tmp_path):
    np.save(tmp_path / "a.npy", IMAGES)
    done = invoke(tmp_path / "a.npy", "--dataset", "digits", "--features", "pixels", "--metrics", "bins")
    assert "no library recomputes bins: choose of fid" in str(done.exception)


@pytest.fixture
def cell(tmp_path):
    """A finished cell: its samples, and a record of their scores under options of its own."""
    np.save(tmp_path / "a.npy", IMAGES)
    registry = load_registry()
    options = {"prdc": {"k": 3}}
    request = Request(
        samples=[str(tmp_path / "a.npy")], dataset="digits", features="pixels", metrics=("fid", "prdc"), options=options
    )
    (one,) = prepare(request, registry, lambda *_: None)
    record = score_samples(one, registry, request, lambda *_: None)
    own = Cell(model="vae", dataset="digits", seed=0, budget="smoke", length="9steps", protocol=one.protocol)
    store = Store(tmp_path / "results")
    store.open_for_writing()
    store.cell_folder(own.id).mkdir()
    np.savez(store.cell_folder(own.id) / "samples.npz", images=IMAGES)
    trained = dataclasses.replace(record, cell=own, source="trained")
    store.save(trained)
    return store, trained


def verified(store, *arguments):
    return invoke("vae-digits", "--results", store.folder, *arguments)


def test_a_cell_is_verified_under_its_own_protocol(cell):
    store, record = cell
    done = verified(store, "--json")
    found = comparisons(done, record.cell.id)
    assert done.exit_code == 0
    assert {key for key, _ in found} == {"fid", "precision", "recall", "density", "coverage"}
    assert {one["verdict"] for one in found.values()} == {"agrees"}


def test_only_the_metrics_named_are_verified(cell):
    store, record = cell
    found = comparisons(verified(store, "--metrics", "fid", "--json"), record.cell.id)
    assert {key for key, _ in found} == {"fid"}


@pytest.mark.parametrize(("key", "value"), [("fid", 1.001), ("coverage", 0.5), ("recall", None)])
def test_a_wrong_record_is_caught_with_exit_code_1(cell, key, value):
    store, record = cell
    wrong = value if value is None or key == "coverage" else record.scores[key] * value
    store.save(dataclasses.replace(record, scores={**record.scores, key: wrong}))
    done = verified(store, "--json")
    assert done.exit_code == 1
    disagreeing = {key for (key, _), one in comparisons(done, record.cell.id).items() if one["verdict"] == "disagrees"}
    assert disagreeing == {key}


def test_a_cell_of_another_protocol_is_refused(cell):
    store, record = cell
    store.save(dataclasses.replace(record, protocol={**record.protocol, "dataset_hash": "old"}, protocol_hash="old"))
    done = verified(store)
    assert isinstance(done.exception, DataError)
    assert "another protocol (dataset_hash changed since): run it again" in str(done.exception)


def test_a_cell_that_failed_has_nothing_to_verify(cell):
    store, record = cell
    store.save(dataclasses.replace(record, status="diverged", scores={}))
    assert "has no scores (diverged)" in str(verified(store).exception)
