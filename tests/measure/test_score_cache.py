"""What is kept of an evaluation: nothing is computed twice, and nothing kept is taken for something else."""

import json

import numpy as np
import pytest

import genharness_metric_modes.modes
import genharness_metric_prdc.prdc
from genharness.evaluate.request import Request, prepare
from genharness.evaluate.score import score_samples
from genharness.files.code_digests import code_digest
from genharness.files.home import home
from genharness.functional.memorisation import HeldOut
from genharness.measure import evaluation as measure
from genharness.plugin.registry import load_registry
from genharness_features_classifier.extractor import ClassifierExtractor
from genharness_metric_frechet.fid import Fid
from genharness_metric_prdc.prdc import Prdc

RANDOM = np.random.default_rng(0)
METRICS = ("fid", "kid", "prdc", "bins", "memorisation", "vendi")


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@pytest.fixture
def scored(registry, tmp_path):
    """Score 80 digits of noise, or what `changes` say, by pixels."""
    np.save(tmp_path / "fake.npy", RANDOM.integers(0, 256, (80, 1, 8, 8)).astype(np.uint8))

    def score(name="fake.npy", **changes):
        values = {"dataset": "digits", "features": "pixels", "metrics": METRICS, "results": tmp_path / "results"}
        request = Request(**{"samples": [str(tmp_path / name)], **values, **changes})
        (one,) = prepare(request, registry, lambda *_: None)
        return score_samples(one, registry, request, lambda *_: None)

    return score


@pytest.fixture
def refuse(monkeypatch):
    """Make a method fail, so that a test shows that it is not called."""

    def replace(owner, name):
        def fail(*arguments, **options):
            raise AssertionError(f"{name} was called")

        monkeypatch.setattr(owner, name, fail)

    return replace


def entries():
    return sorted((home() / "scores").glob("*.json"))


def test_an_unchanged_evaluation_computes_and_extracts_nothing(scored, refuse):
    first = scored()
    assert not first.skipped.keys() & set(METRICS)
    assert len(entries()) == len(METRICS)
    refuse(measure.FeatureCache, "arrays")
    refuse(Fid, "compute")
    refuse(Prdc, "compute")
    second = scored()
    assert second.scores == first.scores
    assert second.protocol_hash == first.protocol_hash


@pytest.mark.parametrize("changes", [{"seed": 1}, {"count": 79}, {"reference_count": 500}, {"reference_split": "test"}])
def test_another_protocol_is_scored_anew(scored, changes):
    scored(metrics=("fid",))
    scored(metrics=("fid",), **changes)
    assert len(entries()) == 2


def test_other_options_are_scored_anew_and_other_metrics_stay(scored):
    scored(metrics=("fid", "prdc"))
    scored(metrics=("fid", "prdc"), options={"prdc": {"k": 3}})
    assert len(entries()) == 3


def test_other_samples_and_labels_are_scored_anew(scored, tmp_path):
    np.save(tmp_path / "other.npy", RANDOM.integers(0, 256, (80, 1, 8, 8)).astype(np.uint8))
    np.save(tmp_path / "labels.npy", np.arange(80) % 10)
    for changes in ({}, {"name": "other.npy"}, {"labels": tmp_path / "labels.npy"}):
        name = changes.pop("name", "fake.npy")
        scored(name, metrics=("fid",), **changes)
    assert len(entries()) == 3


def test_other_code_is_scored_anew(scored, monkeypatch):
    scored(metrics=("fid",))
    monkeypatch.setattr("genharness.measure.score_cache.code_digest", lambda *packages: "other")
    scored(metrics=("fid",))
    assert len(entries()) == 2


def test_a_metric_that_failed_is_asked_again(scored, monkeypatch):
    def fail(metric, evaluation):
        raise ValueError("not today")

    with monkeypatch.context() as patch:
        patch.setattr(Fid, "compute", fail)
        assert "ValueError: not today" in scored(metrics=("fid",)).failed["fid"]
    assert scored(metrics=("fid",)).scores["fid"] > 0


@pytest.mark.parametrize("damage", ["{", "[]", '{"content": {}, "sha256": ""}'])
def test_a_damaged_entry_is_computed_again(scored, damage):
    right = scored(metrics=("fid",)).scores
    (path,) = entries()
    path.write_text(damage)
    assert scored(metrics=("fid",)).scores == right


def test_a_doctored_entry_is_computed_again(scored):
    right = scored(metrics=("fid",)).scores
    (path,) = entries()
    kept = json.loads(path.read_text())
    kept["content"]["scores"]["fid"] = 0.0
    path.write_text(json.dumps(kept))
    assert scored(metrics=("fid",)).scores == right


def test_posteriors_of_another_classifier_are_scored_anew(scored, monkeypatch):
    options = {"classifier": {"steps": 10}}
    scored(metrics=("modes",), options=options)
    (path,) = entries()
    assert list(json.loads(path.read_text())["content"]["extractors"]) == ["classifier"]
    before = path.read_text()
    monkeypatch.setattr(ClassifierExtractor, "identity", "another")
    scored(metrics=("modes",), options=options)
    assert path.read_text() != before


def test_what_real_data_alone_says_is_computed_once_for_all_generators(scored, tmp_path, refuse):
    np.save(tmp_path / "other.npy", RANDOM.integers(0, 256, (80, 1, 8, 8)).astype(np.uint8))
    scored()
    refuse(genharness_metric_prdc.prdc, "knn_radii")
    refuse(genharness_metric_modes.modes, "real_bins")
    refuse(HeldOut, "of")
    other = scored("other.npy")
    assert not other.skipped.keys() & set(METRICS)


def test_kept_results_of_real_data_change_no_score(scored):
    first = scored()
    for path in entries():
        path.unlink()
    assert scored().scores == first.scores


def test_a_cache_that_cannot_be_written_costs_no_score(scored, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("genharness.measure.score_cache.write_bytes", full)
    assert scored(metrics=("fid",)).scores["fid"] > 0
    assert entries() == []


def test_a_digest_of_code_changes_with_the_code(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "a_module.py").write_text("X = 1")
    (tmp_path / "a_package").mkdir()
    (tmp_path / "a_package" / "__init__.py").write_text("")
    for name, path in (("a_module", "a_module.py"), ("a_package", "a_package/__init__.py")):
        before = code_digest(name)
        assert code_digest(name) == before
        (tmp_path / path).write_text("X = 2")
        code_digest.cache_clear()
        assert code_digest(name) != before


def test_code_that_is_not_there_has_no_digest():
    with pytest.raises(ModuleNotFoundError, match="no package nowhere_at_all"):
        code_digest("nowhere_at_all")


def test_what_a_metric_stated_is_kept_with_its_scores(scored, refuse):
    first = scored(metrics=("prdc",))
    assert first.facts["prdc_samples"] == 80
    refuse(Prdc, "compute")
    assert scored(metrics=("prdc",)).facts == first.facts
