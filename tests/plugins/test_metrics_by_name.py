"""Metrics that are computed where they are asked for by name: each sees the fault that it is for."""

from dataclasses import replace

import numpy as np
import pytest

from evaluations import row_evaluation
from genharness import ConfigError, NoOptions
from genharness.functional.frechet import frechet_distance
from genharness_metric_diversity import VendiConfig
from genharness_metric_diversity.diversity import SecondOrder
from genharness_metric_frechet.per_class import FidPerClass
from genharness_metric_kid import MmdConfig
from genharness_metric_kid.gaussian import GaussianMmd
from genharness_metric_memorisation.mifid import Mifid
from genharness_metric_prdc import CoverConfig, ProbableConfig, RealismConfig
from genharness_metric_prdc.others import CoverMetric, ProbableMetric, RealismMetric

RNG = np.random.default_rng(0)
CENTRES = 6 * RNG.normal(size=(5, 8))


def cloud(count, seed, kinds=5):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % kinds)
    return (CENTRES[labels] + rng.normal(size=(count, 8))).astype(np.float32), labels


def evaluation(fake, labels=None):
    sets, of = {"fake": fake}, {"fake": labels}
    for which, count, seed in (("real", 400, 1), ("train", 400, 1), ("test", 300, 2)):
        sets[which], of[which] = cloud(count, seed)
    return row_evaluation(labels=of, **sets)


def asked(metric, fake, labels=None):
    one = evaluation(fake, labels)
    with one.noting() as noted:
        values = metric.compute(one)
    return values, {key: error() if callable(error) else error for key, error in noted.errors.items()}, one.facts()


SAME, LABELS = cloud(300, 3)
DROPPED = cloud(300, 4, kinds=3)[0]
JUNK = np.where(np.arange(300)[:, None] % 2, SAME, 500 + RNG.normal(size=(300, 8))).astype(np.float32)
COPIES = cloud(400, 1)[0][:300]


@pytest.mark.parametrize(
    ("metric", "key", "fault", "worse"),
    [
        (CoverMetric(CoverConfig()), "cover_fakes", JUNK, -0.3),
        (CoverMetric(CoverConfig()), "cover_reals", DROPPED, -0.3),
        (ProbableMetric(ProbableConfig()), "p_precision", JUNK, -0.3),
        (ProbableMetric(ProbableConfig()), "p_recall", DROPPED, -0.2),
        (RealismMetric(RealismConfig()), "realistic", JUNK, -0.2),
        (SecondOrder(VendiConfig()), "rke", DROPPED, -1.0),
        (GaussianMmd(MmdConfig()), "mmd", DROPPED, 10.0),
        (GaussianMmd(MmdConfig()), "mmd", JUNK, 10.0),
        (Mifid(NoOptions()), "memorisation_distance", COPIES, -0.001),
    ],
)
def test_a_fault_is_seen_beyond_all_error(metric, key, fault, worse):
    sound, errors, _ = asked(metric, SAME)
    faulty, _, _ = asked(metric, fault)
    assert 0 < errors[key] < abs(worse)
    assert (faulty[key] - sound[key]) * np.sign(worse) > max(abs(worse), 4 * errors[key])


def test_how_it_was_computed_is_stated():
    assert asked(CoverMetric(CoverConfig()), SAME)[2]["cover_samples"] == 300
    assert (
        asked(GaussianMmd(MmdConfig()), SAME)[2]["mmd_square"]
        == 4 * asked(SecondOrder(VendiConfig()), SAME)[2]["rke_square"]
    )


def test_copies_have_no_median_realism_and_are_all_realistic():
    found, _, _ = asked(RealismMetric(RealismConfig()), np.concatenate([COPIES, COPIES[:100]]))
    assert np.isnan(found["realism"]) or found["realism"] > 1
    assert found["realistic"] > 0.6


def test_the_best_and_the_worst_images_are_shown():
    rng = np.random.default_rng(0)
    real = rng.integers(100, 140, (60, 1, 4, 4)).astype(np.uint8)
    fake = np.concatenate([rng.integers(100, 140, (40, 1, 4, 4)), rng.integers(0, 255, (20, 1, 4, 4))]).astype(np.uint8)
    one = row_evaluation(real=real, fake=fake)
    RealismMetric(RealismConfig()).compute(one)
    images, columns = one.pictures["realism"]
    assert columns == 8
    assert len(images) == 16
    assert images[:8].std() < 15 < 50 < images[8:].std()


def test_memorisation_distance_of_copies_is_0_and_of_new_rows_that_of_held_out_ones():
    copied, new = asked(Mifid(NoOptions()), COPIES)[0], asked(Mifid(NoOptions()), SAME)[0]
    assert copied["memorisation_distance"] == pytest.approx(0, abs=1e-7)
    assert new["memorisation_distance"] == pytest.approx(new["memorisation_distance_test"], rel=0.2)
    assert "mifid" not in new


@pytest.mark.parametrize("scale", [0.02, 1.0], ids=["memorising", "not"])
@pytest.mark.parametrize("singular", [False, True])
def test_the_error_of_mifid_is_how_far_other_samples_move_it(scale, singular):
    """Rows about a ray, whose directions differ as much as `scale` says: below the threshold, and above it."""
    count, width = (30, 40) if singular else (200, 16)

    def rows(seed, shift=0.0):
        return (5 + shift + 5 * scale * np.random.default_rng(seed).normal(size=(count, width))).astype(np.float32)

    def scored(seed):
        known = {"real": rows(0), "train": rows(0), "test": rows(1)}
        evaluation = row_evaluation(**known, fake=rows(seed, 0.5 * scale))
        evaluation.protocol = replace(evaluation.protocol, extractor="inception")
        with evaluation.noting() as noted:
            return Mifid(NoOptions()).compute(evaluation), noted.errors["mifid"]

    found = [scored(seed) for seed in range(2, 20)]
    assert all((values["memorisation_distance"] < 0.1) == (scale < 1) for values, _ in found)
    spread = np.std([values["mifid"] for values, _ in found], ddof=1)
    assert 0.6 * spread < np.mean([error for _, error in found]) < (2.5 if singular else 1.6) * spread


def test_the_distance_per_class_is_the_mean_of_distances_of_as_many():
    found, errors, facts = asked(FidPerClass(NoOptions()), SAME, LABELS)
    real, classes = cloud(400, 1)
    some = [frechet_distance(real[classes == label], SAME[label == LABELS]) for label in range(5)]
    assert found["fid_per_class"] == pytest.approx(np.mean(some), rel=0.3)  # 60 of the 80 reals are drawn
    assert found["fid_worst_class"] == max(facts[f"fid_class_{label}"] for label in range(5))
    assert found["fid_per_class"] == pytest.approx(np.mean([facts[f"fid_class_{label}"] for label in range(5)]))
    assert found["fid_per_class"] == pytest.approx(found["fid_per_class_real"], abs=4 * errors["fid_per_class"])


def test_swapped_classes_are_seen_per_class_and_not_over_all():
    swapped = asked(FidPerClass(NoOptions()), SAME, (LABELS + 1) % 5)[0]
    sound, errors, _ = asked(FidPerClass(NoOptions()), SAME, LABELS)
    assert swapped["fid_per_class"] > sound["fid_per_class"] + 100 * errors["fid_per_class"]


def test_a_class_collapsed_is_the_worst():
    collapsed = SAME.copy()
    collapsed[LABELS == 2] = collapsed[LABELS == 2][:1]
    found, _, facts = asked(FidPerClass(NoOptions()), collapsed, LABELS)
    assert found["fid_worst_class"] == facts["fid_class_2"] > 3 * facts["fid_class_1"]


def test_samples_without_classes_and_classes_without_samples_are_said():
    with pytest.raises(ConfigError, match="--labels"):
        asked(FidPerClass(NoOptions()), SAME)
    with pytest.raises(ValueError, match="class 4 has 0 samples"):
        asked(FidPerClass(NoOptions()), SAME[LABELS < 4], LABELS[LABELS < 4])
