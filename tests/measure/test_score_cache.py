"""What is kept of an evaluation: nothing is computed twice, and nothing kept is taken for something else."""

import json
import shutil
import sys

import numpy as np
import pytest

import genharness.kit.neighbours
import genharness_metric_modes.modes
from flat_requests import request_of
from genharness.external.request import prepare
from genharness.external.score import score_samples
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

    def score(name="fake.npy", registry=registry, **changes):
        values = {"dataset": "digits", "features": "pixels", "metrics": METRICS, "results": tmp_path / "results"}
        request = request_of(**{"samples": [str(tmp_path / name)], **values, **changes})
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


def test_errors_are_kept_with_the_scores(scored, monkeypatch):
    def state(metric, evaluation):
        evaluation.state_error("fid", 0.25)
        return {"fid": 1.0}

    monkeypatch.setattr(Fid, "compute", state)
    assert [scored(metrics=("fid",)).errors for _ in range(2)] == [{"fid": 0.25}] * 2
    assert len(entries()) == 1


@pytest.mark.parametrize(
    "changes", [{"protocol_seed": 1}, {"count": 79}, {"reference_count": 500}, {"reference_split": "test"}]
)
def test_another_protocol_is_scored_anew(scored, changes):
    scored(metrics=("fid",))
    scored(metrics=("fid",), **changes)
    assert len(entries()) == 2


def test_other_options_are_scored_anew_and_other_metrics_stay(scored):
    scored(metrics=("fid", "prdc"))
    scored(metrics=("fid", "prdc"), set={"prdc": {"k": 3}})
    assert len(entries()) == 3


def test_other_samples_and_labels_are_scored_anew(scored, tmp_path):
    np.save(tmp_path / "other.npy", RANDOM.integers(0, 256, (80, 1, 8, 8)).astype(np.uint8))
    np.save(tmp_path / "labels.npy", np.arange(80) % 10)
    for changes in ({}, {"name": "other.npy"}, {"labels": tmp_path / "labels.npy"}):
        name = changes.pop("name", "fake.npy")
        scored(name, metrics=("fid",), **changes)
    assert len(entries()) == 3


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
    scored(metrics=("modes",), set=options)
    (path,) = entries()
    assert list(json.loads(path.read_text())["content"]["extractors"]) == ["classifier"]
    before = path.read_text()
    monkeypatch.setattr(ClassifierExtractor, "identity", "another")
    scored(metrics=("modes",), set=options)
    assert path.read_text() != before


def test_what_real_data_alone_says_is_computed_once_for_all_generators(scored, tmp_path, refuse):
    np.save(tmp_path / "other.npy", RANDOM.integers(0, 256, (80, 1, 8, 8)).astype(np.uint8))
    scored()
    refuse(genharness.kit.neighbours, "own_set")
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


def test_what_a_metric_stated_is_kept_with_its_scores(scored, refuse):
    first = scored(metrics=("prdc",))
    assert first.facts["prdc_samples"] == 80
    refuse(Prdc, "compute")
    assert scored(metrics=("prdc",)).facts == first.facts


HOOKS = """
from dataclasses import dataclass

from genharness import Column, ExtractorSpec, MetricSpec, hookimpl, option


@dataclass(frozen=True)
class LookConfig:
    weights: str = option("", help="file of weights")


@hookimpl
def genharness_extractors():
    factory = "acme_heavy:Look"
    return [ExtractorSpec(name="look", summary="Means of rows", factory=factory, config=LookConfig, resizes=())]


@hookimpl
def genharness_metrics():
    factory = "acme_heavy:Gap"
    return [MetricSpec(name="gap", summary="Gap", factory=factory, columns=(Column(key="gap", title="Gap"),))]
"""

HEAVY = """
from pathlib import Path

import numpy as np

from acme_scale import SCALE
from genharness.kit import Extracted, Extractor

OFFSET = 0.0
CENTRE = np.mean


class Look(Extractor):
    identity = "look"

    def extract(self, samples):
        kept = self.config.weights
        weight = float(Path(kept).read_text()) if kept else 1.0
        return Extracted(samples.reshape(len(samples), -1)[:, :9].astype(np.float32) * SCALE * weight)


class Gap:
    def __init__(self, config):
        pass

    def compute(self, evaluation):
        real = evaluation.derived("centre", ("real",), lambda: {"centre": CENTRE(evaluation.features("real"), axis=0)})
        return {"gap": OFFSET + float(np.abs(real["centre"] - evaluation.features("fake").mean(axis=0)).sum())}
"""


@pytest.fixture
def acme(make_plugin, scored, monkeypatch):
    """A stranger's extractor and metric; gives functions that change their code and that score with them."""
    folder = make_plugin("acme", HOOKS, heavy=HEAVY)
    (folder / "acme_scale.py").write_text("SCALE = 1.0")

    class Acme:
        registry = load_registry()

        def change(self, file, before, after):
            path = folder / file
            assert before in path.read_text()
            path.write_text(path.read_text().replace(before, after))

        def gap(self, **changes):
            for name in ("acme_heavy", "acme_scale"):  # as a new process would
                monkeypatch.delitem(sys.modules, name, raising=False)
            return scored(registry=self.registry, metrics=("gap",), features="look", **changes).scores["gap"]

    return Acme()


def test_other_code_of_a_metric_is_scored_anew(acme):
    before = acme.gap()
    acme.change("acme_heavy.py", "OFFSET = 0.0", "OFFSET = 7.0")
    assert acme.gap() == pytest.approx(before + 7)


def test_other_code_of_an_extractor_is_extracted_and_scored_anew(acme):
    before = acme.gap()
    acme.change("acme_heavy.py", "* SCALE", "* 3")
    assert acme.gap() == pytest.approx(3 * before)


def test_other_code_of_what_an_extractor_imports_is_extracted_anew(acme):
    before = acme.gap()
    acme.change("acme_scale.py", "1.0", "2.0")
    assert acme.gap() == pytest.approx(2 * before)


def test_other_code_of_what_real_data_alone_say_is_computed_anew(acme):
    before = acme.gap()
    acme.change("acme_heavy.py", "CENTRE = np.mean", "CENTRE = np.max")
    after = acme.gap()
    shutil.rmtree(home() / "features")
    shutil.rmtree(home() / "scores")
    assert before != after == acme.gap()


def test_other_content_behind_a_path_is_extracted_anew(acme, tmp_path):
    weights = tmp_path / "weights.txt"
    options = {"look": {"weights": str(weights)}}
    weights.write_text("1.0")
    before = acme.gap(set=options)
    weights.write_text("5.0")
    assert acme.gap(set=options) == pytest.approx(5 * before)


def test_a_comment_changes_nothing_that_is_kept(acme, refuse):
    before = acme.gap()
    acme.change("acme_heavy.py", "OFFSET = 0.0", "OFFSET = 0.0  # nothing is added")
    refuse(measure.FeatureCache, "arrays")
    assert acme.gap() == before
