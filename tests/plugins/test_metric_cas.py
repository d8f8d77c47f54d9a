"""Accuracy of a classifier that is trained on samples alone."""

import numpy as np
import pytest
import torch
from scipy.stats import t as student

from evaluations import row_evaluation
from genharness import ConfigError
from genharness_features_classifier import CasConfig, ClassifierConfig
from genharness_features_classifier.cas import Cas, _Contest, _Labelled

SMALL = {"features": 8, "width": 4, "steps": 40, "lr": 3e-2}
CENTRES = np.random.default_rng(0).normal(size=(3, 6))


def cloud(count, seed, *, spread=0.9, classes=3):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % classes)
    rows = CENTRES[labels] + spread * rng.normal(size=(count, 6))
    return rows.astype(np.float32), labels


def scored(fake, labels, *, errors=None, seed=0, classes=3, **options):
    sets, of = {"fake": fake, "real": fake}, {"fake": labels}
    for which, number, count in (("train", 1, 300), ("test", 2, 400)):
        sets[which], of[which] = cloud(count, number, classes=classes)
    evaluation = row_evaluation(labels=of, seed=seed, errors_wanted=errors is not None, **sets)
    evaluation.class_names = tuple("abc"[:classes])
    with evaluation.noting() as noted:
        found = Cas(CasConfig(**(SMALL | options))).compute(evaluation)
    if errors is not None:
        errors.update(noted.errors)
    return found, evaluation.facts()


def test_real_samples_in_the_place_of_generated_ones_score_like_the_real_ones():
    found, facts = scored(*cloud(300, 3))
    assert found["cas_real"] > 0.7
    assert found["cas"] == pytest.approx(found["cas_real"], abs=0.05)
    assert found["cas_ratio"] == pytest.approx(found["cas"] / found["cas_real"])
    assert facts["cas_samples"] == 300
    assert facts["cas_tested"] == 3 * 400


def test_shuffled_classes_teach_nothing():
    rows, labels = cloud(300, 3)
    assert scored(rows, np.random.default_rng(0).permutation(labels))[0]["cas"] < 0.55


def test_swapped_classes_are_learnt_swapped():
    rows, labels = cloud(300, 3)
    assert scored(rows, (labels + 1) % 3)[0]["cas"] < 0.25


def test_a_class_that_is_missing_is_never_recognised():
    rows, labels = cloud(300, 3)
    found, facts = scored(rows[labels != 1], labels[labels != 1])
    assert facts["cas_class_1"] == found["cas_worst_class"] == 0
    assert min(facts["cas_class_0"], facts["cas_class_2"]) > 0.7


def test_as_many_generated_as_real_samples_are_trained_on():
    assert scored(*cloud(120, 3))[1]["cas_samples"] == 120
    assert scored(*cloud(700, 3))[1]["cas_samples"] == 300


def test_accuracy_and_area_of_two_classes_are_those_of_the_predictions(monkeypatch):
    logits = np.zeros((400, 2), np.float32)
    labels = cloud(400, 2, classes=2)[1]
    logits[:, 1] = np.where(np.arange(400) < 300, labels, 1 - labels)  # three quarters right
    monkeypatch.setattr("genharness_features_classifier.cas._Contest._logits", lambda *_: logits - np.float32([0, 0.5]))
    found, _ = scored(*cloud(300, 3, classes=2), classes=2)
    assert found["cas"] == pytest.approx(np.mean(logits.argmax(1) == labels))
    pairs = [(a > b) + 0.5 * (a == b) for a in logits[labels == 1, 1] for b in logits[labels == 0, 1]]
    assert found["cas_auroc"] == pytest.approx(np.mean(pairs))


def test_more_classes_have_no_area():
    assert np.isnan(scored(*cloud(300, 3))[0]["cas_auroc"])


def test_it_is_repeated_to_the_last_digit_and_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    first, again = (scored(*cloud(200, 3))[0] for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert {key: value for key, value in first.items() if value == value} == {
        key: value for key, value in again.items() if value == value
    }


def test_images_are_learnt_from_too():
    labels = np.arange(200) % 2
    images = (labels[:, None, None, None] * 120 + np.random.default_rng(0).integers(0, 90, (200, 1, 8, 8))).astype("u1")
    sets = dict.fromkeys(("fake", "real", "train", "test"), images)
    evaluation = row_evaluation(labels=dict.fromkeys(sets, labels), errors_wanted=False, **sets)
    assert Cas(CasConfig(**SMALL, runs=1)).compute(evaluation)["cas"] > 0.95


def test_samples_without_classes_are_refused():
    with pytest.raises(ConfigError, match="--labels"):
        scored(cloud(300, 3)[0], None)


def test_a_class_that_the_data_has_not_is_refused():
    rows, labels = cloud(300, 3)
    with pytest.raises(ConfigError, match="class 5"):
        scored(rows, labels + 3)


def test_the_recipe_is_that_of_the_classifier():
    assert {**vars(CasConfig()), "runs": None} == {**vars(ClassifierConfig()), "runs": None}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("count", [90, 300])
def test_errors_hold_the_expected_score(count):
    """Of 95 % intervals with Student's quantile of four differences, 90 to 100 % hold what other samples score."""
    config = CasConfig(**(SMALL | {"steps": 25}))
    contest = _Contest(config, 3, _Labelled(*cloud(400, 2)), 0)
    fakes = [_Labelled(*cloud(count, 100 + seed)) for seed in range(30)]
    scores = np.array([contest.runs(fake)["accuracy"].mean() for fake in fakes])
    errors = np.array([contest.errors(fake, 1.0)["cas"]() for fake in fakes])
    assert np.mean(np.abs(scores - scores.mean()) <= student.ppf(0.975, 4) * errors) >= 0.9
    assert 0.7 < np.sqrt(np.mean(np.square(errors))) / scores.std(ddof=1) < 1.8
