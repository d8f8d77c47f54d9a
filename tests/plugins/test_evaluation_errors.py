"""Errors that metrics state of one set of samples, beside what other samples of the same model really score (slow)."""

import functools
from types import SimpleNamespace

import numpy as np
import pytest

from evaluations import row_evaluation
from genharness import NoOptions
from genharness.kit import Reconstructions
from genharness.measure.evaluation import SampleEvaluation
from genharness.spec.protocol import Protocol
from genharness_metric_diversity import PairsConfig, VendiConfig
from genharness_metric_diversity.diversity import PairSsim, Vendi
from genharness_metric_inception_score import InceptionScoreConfig
from genharness_metric_inception_score.score import LogitScore
from genharness_metric_memorisation import MemorisationConfig
from genharness_metric_memorisation.memorisation import MemorisationMetric
from genharness_metric_modes import BinsConfig
from genharness_metric_modes.modes import Bins
from genharness_metric_reconstruction import NearestRealConfig
from genharness_metric_reconstruction.nearest import NearestRealMetric
from genharness_metric_reconstruction.reconstruction import Reconstruction
from genharness_metric_tabular.tabular import Tabular

D = 16
CENTRES = 3 * np.random.default_rng(0).normal(size=(10, D))
SCENARIOS = ("same", "shift", "modes")


def rows(scenario, count, rng, *, fake=True):
    """Return rows of the real distribution, or of a generator that misses it."""
    if scenario == "modes":
        return CENTRES[rng.integers(0, 8 if fake else 10, count)] + rng.normal(size=(count, D))
    return rng.normal(size=(count, D)) + (0.3 if scenario == "shift" and fake else 0)


def pictures(scenario, count, rng, *, fake=True):
    """Return images of 8 x 8 pixels that vary along sixteen directions."""
    images = 128 + 25 * rows(scenario, count, rng, fake=fake) @ DIRECTIONS
    return images.clip(0, 255).astype(np.uint8).reshape(count, 1, 8, 8)


DIRECTIONS = np.random.default_rng(3).normal(size=(D, 64))


def asked(metric, evaluation):
    with evaluation.noting() as noted:
        values = metric.compute(evaluation)
    return values, noted.errors


def of_rows(metric, make, counts):
    """Return a function that scores other samples, the sets of real ones being what they are."""

    def scored(scenario, rng, known):
        if not known:
            known |= {which: make(scenario, count, rng, fake=False) for which, count in counts.items()}
        return asked(metric, row_evaluation(**known, fake=make(scenario, 400, rng)))

    return scored


def of_logits(scenario, rng, known):
    errors = {}
    logits = (4 if scenario == "modes" else 2) * rng.normal(size=(600, 10)) + (scenario == "shift") * np.arange(10)
    evaluation = SimpleNamespace(
        extractor="classifier",
        extracted=lambda which: SimpleNamespace(logits=logits),
        state_error=errors.__setitem__,
    )
    return LogitScore(InceptionScoreConfig(splits=5)).compute(evaluation), errors


def of_reconstructions(scenario, rng, known):
    originals = pictures(scenario, 100, rng)
    blurred = (originals // 2 + 64).astype(np.uint8)
    views = {"reconstructions": lambda: Reconstructions(originals, blurred)}
    none = SampleEvaluation({}, Protocol(extractor="none", sample_count=1), lambda name: None, views=views)
    return asked(Reconstruction(NoOptions()), none)


def of_table(scenario, rng, known):
    def labels(some):
        return (some[:, 0] + 0.5 * some[:, 1] > 0).astype(np.int64)

    if not known:
        known |= {which: rows(scenario, 300, rng, fake=False) for which in ("real", "train", "test")}
    fake = rows(scenario, 300, rng)
    classes = {which: labels(some) for which, some in known.items()} | {
        "fake": labels(fake + 0.3 * rng.normal(size=fake.shape))
    }
    evaluation = row_evaluation(labels=classes, **known, fake=fake)
    evaluation.class_names = ("below", "above")
    return asked(Tabular(NoOptions()), evaluation)


METRICS = {
    "is": (of_logits, ("classifier_score",)),
    "vendi": (of_rows(Vendi(VendiConfig()), rows, {"real": 10}), ("vendi",)),
    "bins": (of_rows(Bins(BinsConfig(bins=40)), rows, {"real": 1000}), ("ndb", "jsd", "bin_coverage")),
    "pair-ssim": (of_rows(PairSsim(PairsConfig(pairs=1000)), pictures, {"real": 50}), ("pair_ssim",)),
    "nearest-real": (
        of_rows(NearestRealMetric(NearestRealConfig(count=200)), pictures, {"real": 300}),
        ("nearest_psnr", "nearest_ssim"),
    ),
    "reconstruction": (of_reconstructions, ("psnr", "ssim", "mse", "bce")),
    "tabular": (of_table, ("ks", "wasserstein", "correlation_distance", "tstr")),
    "memorisation": (
        of_rows(MemorisationMetric(MemorisationConfig(cells=4)), rows, {"real": 9, "train": 800, "test": 400}),
        ("authenticity", "ct", "distance_ratio"),
    ),
}


@functools.cache
def redrawn(metric, scenario):
    """Return scores and errors of as many sets of samples as tell 90 from 95 %, by column."""
    scored, _ = METRICS[metric]
    rng, known = np.random.default_rng(1), {}
    found = [scored(scenario, rng, known) for _ in range(100 if metric == "tabular" else 150)]
    return {
        key: (np.array([values[key] for values, _ in found]), np.array([float(call(of[key])) for _, of in found]))
        for key in METRICS[metric][1]
    }


def call(error):
    return error() if callable(error) else error


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("metric", METRICS)
def test_intervals_of_two_errors_hold_the_expected_score(metric, scenario):
    for key, (scores, errors) in redrawn(metric, scenario).items():
        covered = np.mean(np.abs(scores - scores.mean()) <= 1.96 * errors)
        print(metric, scenario, key, f"{scores.mean():.4g} sd {scores.std(ddof=1):.3g}", end=" ")
        print(f"error / sd {errors.mean() / scores.std(ddof=1):.2f} covered {covered:.3f}")
        assert covered >= 0.9, key


@pytest.mark.parametrize("metric", METRICS)
def test_every_score_has_an_error(metric):
    values, errors = METRICS[metric][0]("shift", np.random.default_rng(0), {})
    for key in METRICS[metric][1]:
        assert np.isfinite(values[key])
        assert call(errors[key]) > 0
