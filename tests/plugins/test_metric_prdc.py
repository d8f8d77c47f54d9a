"""Precision, recall, density and coverage of an evaluation: equally many samples of both sides."""

import math
from dataclasses import asdict

import numpy as np
import pytest

import genharness.kit.neighbours
from evaluations import row_evaluation
from genharness.errors import NotDefinedError
from genharness.functional.neighbours.ball_counts import expected_coverage
from genharness.functional.neighbours.errors import clipped_errors, neighbour_errors
from genharness.functional.neighbours.shared_pass import neighbour_pass as functional_pass
from genharness.functional.prdc import prdc
from genharness_metric_prdc import ClippedConfig, PrdcConfig
from genharness_metric_prdc.prdc import ClippedMetric, Prdc

RNG = np.random.default_rng(0)
REAL, FAKE = RNG.normal(size=(2, 900, 6)).astype(np.float32)


def scores(real, fake, **options):
    evaluation = row_evaluation(real=REAL[:real], fake=FAKE[:fake])
    return Prdc(PrdcConfig(**options)).compute(evaluation), evaluation.facts()


@pytest.mark.parametrize(("real", "fake", "most"), [(900, 900, 0), (900, 200, 0), (200, 900, 0), (900, 800, 300)])
def test_one_distribution_has_one_coverage_at_any_counts(real, fake, most):
    found, facts = scores(real, fake, count=most)
    compared = min(real, fake, most or 900)
    assert facts["prdc_samples"] == compared
    assert found["coverage"] == pytest.approx(expected_coverage(compared, compared), abs=0.05)
    assert found["density"] == pytest.approx(1, abs=0.15)


def planted(count=400):
    """Return reals, and fakes far from all of them but for one hub amid them."""
    rng = np.random.default_rng(1)
    real, fake = rng.normal(size=(2, count, 64)).astype(np.float32)
    fake += 3
    fake[0] = 0
    return real, fake


def test_scores_that_hang_on_a_hub_say_so():
    real, fake = planted()
    found = Prdc(PrdcConfig()).compute(row_evaluation(real=real, fake=fake))
    assert found["coverage"] > 0.9
    assert found["hanging_coverage"] > 0.9
    assert found["hanging_recall"] > 0.9 * found["recall"]
    assert "hanging_precision" not in found


def test_honest_scores_say_nothing_of_hanging():
    assert not [key for key in scores(900, 900)[0] if key.startswith("hanging")]


def test_clipped_coverage_does_not_hang_on_a_hub():
    real, fake = planted()
    found = ClippedMetric(ClippedConfig()).compute(row_evaluation(real=real, fake=fake))
    assert found["clipped_coverage"] < 0.25
    assert found["clipped_density"] < 0.05


def test_metrics_of_one_k_and_count_share_one_pass(monkeypatch):
    made = []
    original = genharness.kit.neighbours.make_pass
    monkeypatch.setattr(
        genharness.kit.neighbours, "make_pass", lambda *args, **more: made.append(1) or original(*args, **more)
    )
    evaluation = row_evaluation(real=REAL, fake=FAKE)
    Prdc(PrdcConfig()).compute(evaluation)
    ClippedMetric(ClippedConfig()).compute(evaluation)
    assert len(made) == 1


def errors_of(metric, real=REAL, fake=FAKE, **options):
    evaluation = row_evaluation(real=real, fake=fake, **options)
    with evaluation.noting() as noted:
        metric.compute(evaluation)
    return noted.errors


def test_scores_state_the_errors_that_fall_out_of_the_pass():
    found = functional_pass(REAL, FAKE)
    errors = neighbour_errors(found)
    assert errors_of(Prdc(PrdcConfig())) == asdict(errors)
    names = ("density", "coverage", "density_raw", "coverage_ratio")
    errors = clipped_errors(found)
    assert errors_of(ClippedMetric(ClippedConfig())) == {f"clipped_{name}": getattr(errors, name) for name in names}


def test_where_errors_are_not_wanted_none_is_computed(monkeypatch):
    monkeypatch.setattr("genharness_metric_prdc.prdc.neighbour_errors", lambda found: 1 / 0)
    assert errors_of(Prdc(PrdcConfig()), errors_wanted=False) == {}


def test_so_few_samples_that_none_can_be_left_out_have_scores_without_an_error():
    assert all(math.isnan(error) for error in errors_of(Prdc(PrdcConfig()), REAL[:6], FAKE[:6]).values())


def test_too_few_samples_are_no_defect():
    with pytest.raises(NotDefinedError, match="5 neighbours need more than 5 samples of each side, and there are 4"):
        scores(900, 4)


def test_sets_of_one_size_are_compared_whole():
    assert scores(900, 900)[0]["coverage"] == prdc(REAL, FAKE).coverage


def test_balls_of_samples_that_occur_too_often_are_told_under_strict_nearness():
    rng = np.random.default_rng(2)
    real, fake = rng.normal(size=(2, 200, 6)).astype(np.float32)
    real[:50], fake[:20] = real[0], fake[0]
    strict = Prdc(PrdcConfig()).compute(row_evaluation(real=real, fake=fake))
    assert (strict["empty_real_balls"], strict["empty_fake_balls"]) == (0.25, 0.1)
    loose = Prdc(PrdcConfig(k=3, convention="kynkaanniemi")).compute(row_evaluation(real=real, fake=fake))
    once = Prdc(PrdcConfig()).compute(row_evaluation(real=real[50:], fake=fake[20:]))
    assert not {"empty_real_balls", "empty_fake_balls"} & {*loose, *once}


def test_a_set_of_copies_of_the_real_one_is_not_silently_found_bad():
    real = np.repeat(np.random.default_rng(3).normal(size=(30, 4)), 8, axis=0).astype(np.float32)
    found = Prdc(PrdcConfig()).compute(row_evaluation(real=real, fake=real))
    assert (found["precision"], found["empty_real_balls"]) == (0, 1)
