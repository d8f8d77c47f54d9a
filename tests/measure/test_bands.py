"""What real samples score against other real ones."""

import numpy as np
import pytest
from scipy import stats

import genharness.functional.exact.search as search
import genharness.measure.bands as bands
from evaluations import row_evaluation
from genharness import NoOptions
from genharness.files.home import home
from genharness.measure.bands import Divided, draw_real, draws_for, kept_draws
from genharness.measure.build import build_metrics
from genharness.measure.score_cache import ScoreCache
from genharness.measure.scoring import MetricResult, score
from genharness.plugin.registry import load_registry
from genharness.spec.columns import Column
from genharness.spec.plugins import MetricSpec
from genharness_metric_frechet.fid import Fid
from genharness_metric_prdc import PrdcConfig
from genharness_metric_prdc.prdc import Prdc

REGISTRY = load_registry()
FID, PRDC = REGISTRY.metrics["fid"], REGISTRY.metrics["prdc"]
METRICS = [(FID, Fid(NoOptions())), (PRDC, Prdc(PrdcConfig()))]


def gaussian(seed, train=300, test=150, width=4):
    """The evaluation of two splits of one distribution; a row's number is in its last column."""
    rows = np.random.default_rng(seed).normal(size=(train + test, width)).astype(np.float32)
    sets = {"train": rows[:train], "test": rows[train:], "real": rows[:train], "fake": rows[train:]}
    return row_evaluation(**sets)


def real_bands(whole, metrics, own, **asked):
    return draw_real(whole, metrics, **asked).bands(own)


def numbered(labels=None, protocol=None):
    """60 and 40 rows that are their own numbers."""
    rows = np.arange(100, dtype=np.float32)[:, None]
    parts = {"train": slice(60), "test": slice(60, 100), "real": slice(60), "fake": slice(60, 100)}
    known = {} if labels is None else {name: labels[part] for name, part in parts.items()}
    return row_evaluation(labels=known, protocol=protocol, **{name: rows[part] for name, part in parts.items()})


def members(divided, which):
    return set(divided.samples(which)[:, 0].astype(int))


def test_a_division_has_the_reference_s_size_and_takes_samples_from_the_split_that_is_no_reference():
    whole = numbered()
    for draw in range(3):
        one = Divided(whole, 30, draw)
        real, fake = members(one, "real"), members(one, "fake")
        assert (len(real), len(fake)) == (60, 30)
        assert not real & fake
        assert real != set(range(60))


def test_what_samples_are_told_from_copies_with_is_all_that_does_not_stand_for_generated_ones():
    for count in (10, 30, 40):
        one = Divided(numbered(), count, 0)
        train, test, fake = (members(one, which) for which in ("train", "test", "fake"))
        assert len(train) + len(test) + len(fake) == 100
        assert train | test | fake == set(range(100))
        assert len(test) == min(40, (100 - count) // 2)


def test_real_samples_have_no_excess_of_copies():
    spec = REGISTRY.metrics["copies"]
    found = real_bands(gaussian(0), build_metrics(REGISTRY, {"copies": {}}), (), count=150, draws=8)
    assert spec.columns[0].key == "excess_copies"
    assert found["excess_copies"]["low"] < 0 < found["excess_copies"]["high"] < 0.1
    assert found["closer_to_train"]["low"] < 0.5 < found["closer_to_train"]["high"]


def test_bands_are_the_same_whichever_search_finds_the_nearest_rows(monkeypatch):
    metrics = build_metrics(REGISTRY, {"copies": {}, "memorisation": {}})
    found = real_bands(gaussian(0), metrics, (), count=100, draws=2)
    monkeypatch.setattr(search, "_FEW", 0)
    assert real_bands(gaussian(0), metrics, (), count=100, draws=2) == found
    assert {"excess_copies", "authenticity", "distance_ratio"} <= found.keys()


def test_divisions_are_their_own_and_come_again():
    whole = numbered()
    assert members(Divided(whole, 30, 0), "fake") == members(Divided(whole, 30, 0), "fake")
    assert members(Divided(whole, 30, 0), "fake") != members(Divided(whole, 30, 1), "fake")


def test_where_the_test_split_is_the_reference_samples_come_from_the_other():
    one = Divided(numbered(protocol={"reference_split": "test", "reference_count": 25}), 50, 0)
    assert (len(members(one, "real")), len(members(one, "fake"))) == (25, 50)
    assert not members(one, "real") & members(one, "fake")


def test_more_samples_than_the_split_has_are_all_it_has():
    assert len(members(Divided(numbered(), 1000, 0), "fake")) == 40


def test_classes_are_as_frequent_in_every_division_as_in_the_data():
    labels = np.repeat([0, 1, 0, 1], [20, 40, 30, 10])  # a third of the train split is of class 0, of the other 3/4
    for draw in range(3):
        one = Divided(numbered(labels), 40, draw)
        assert np.bincount(one.labels("real")).tolist() == [20, 40]
        assert np.bincount(one.labels("fake")).tolist() == [30, 10]
        assert (one.labels("test") == labels[one.samples("test")[:, 0].astype(int)]).all()


def test_features_are_those_of_the_rows():
    one = Divided(numbered(), 30, 0)
    assert (one.features("fake") == one.samples("fake")).all()
    assert one.extracted("fake").logits is None


def test_a_band_is_the_prediction_interval_of_the_scores_of_the_divisions():
    whole = gaussian(0)
    found = real_bands(whole, METRICS, (), count=100, draws=8)
    scores = [next(score(METRICS[:1], Divided(whole, 100, draw))).values["fid"] for draw in range(8)]
    margin = stats.t.ppf(0.975, 7) * np.std(scores, ddof=1) * np.sqrt(1 + 1 / 8)
    assert found["fid"] == {
        "low": pytest.approx(np.mean(scores) - margin),
        "high": pytest.approx(np.mean(scores) + margin),
        "draws": 8,
        "count": 100,
    }
    assert set(found) >= {"fid", "precision", "recall", "density", "coverage", "f1"}


def test_the_band_holds_what_the_own_split_of_the_data_scores():
    whole = gaussian(0)
    far = list(
        score(METRICS[:1], row_evaluation(real=whole.samples("train"), fake=whole.samples("test") + np.float32(1)))
    )
    found = real_bands(whole, METRICS[:1], far, count=100, draws=5)
    assert found["fid"]["high"] == far[0].values["fid"] > 3


@pytest.mark.slow
def test_new_real_samples_lie_within_the_band_and_shifted_ones_do_not():
    """Of 40 data sets of one distribution, each with a band of its own and samples that nobody has seen."""
    inside = dict.fromkeys(("fid", "precision", "recall", "density", "coverage"), 0)
    outside = 0
    for seed in range(40):
        whole = gaussian(seed)
        found = real_bands(whole, METRICS, (), count=150, draws=10)
        new = np.random.default_rng([seed, 1]).normal(size=(150, 4)).astype(np.float32)
        for shift in (0.0, 1.0):
            evaluation = row_evaluation(real=whole.samples("train"), fake=new + np.float32(shift))
            scores = {key: value for one in score(METRICS, evaluation) for key, value in one.values.items()}
            held = {key: found[key]["low"] <= scores[key] <= found[key]["high"] for key in inside}
            if shift:
                outside += not held["fid"] and not held["coverage"]
            else:
                inside = {key: inside[key] + held[key] for key in inside}
    assert min(inside.values()) >= 34, inside  # of 40; 95 % is 38 +- 1.4
    assert outside == 40


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", [200, 539, 1000, 3000, 10_000])
def test_real_samples_of_any_count_lie_within_the_band(count):
    """Of ten modes; the reference has twice as many rows. No score is far out: a band holds 95 % of draws."""
    rng = np.random.default_rng(count)
    centres = 4 * rng.normal(size=(10, 16))
    rows = (centres[rng.integers(0, 10, 3 * count)] + rng.normal(size=(3 * count, 16))).astype(np.float32)
    train, test = rows[: 2 * count], rows[2 * count :]
    whole = row_evaluation(real=train, train=train, test=test, fake=test)
    names = ("fid", "kid", "prdc", "clipped")
    metrics = build_metrics(REGISTRY, {name: {} for name in names})
    found = real_bands(whole, metrics, (), count=count, draws=20)
    new = {key: value for one in score(metrics, Divided(whole, count, 20)) for key, value in one.values.items()}
    keys = ("fid", "kid", "precision", "recall", "density", "coverage", "clipped_density", "clipped_coverage")
    wide = {key: (found[key]["high"] - found[key]["low"]) / 2 for key in keys}
    off = {key: abs(new[key] - (found[key]["high"] + found[key]["low"]) / 2) / wide[key] for key in keys}
    assert max(off["coverage"], off["precision"]) <= 1, off
    assert max(off.values()) <= 2, off


def test_what_needs_the_model_has_no_band_and_what_cannot_be_computed_neither():
    spec = MetricSpec(
        name="mine",
        summary="Ours",
        factory="nowhere:Mine",
        columns=(Column(key="mine", title="M"),),
        needs=("likelihood",),
    )
    whole = gaussian(0, train=4, test=4)
    assert real_bands(whole, [(spec, None), METRICS[1]], (), count=4, draws=3) == {}


def test_kept_draws_are_not_drawn_again_but_for_another_metric(monkeypatch):
    whole, options = gaussian(0), {"fid": {}, "prdc": {"k": 5}}
    cache = ScoreCache(home() / "scores", REGISTRY, whole, {"bands": 3})
    drawn = []
    first = real_bands(whole, METRICS[:1], (), count=100, draws=3, kept=(cache, options), on_draw=drawn.append)
    both = real_bands(whole, METRICS, (), count=100, draws=3, kept=(cache, options), on_draw=drawn.append)
    assert drawn == [0, 1, 2] * 2
    monkeypatch.setattr(bands, "Divided", None)
    assert real_bands(whole, METRICS, (), count=100, draws=3, kept=(cache, options)) == both
    assert both["fid"] == first["fid"]


def test_bands_are_shared_by_content_and_left_out_where_they_are_not_kept_and_not_wanted():
    whole, options = gaussian(0), {"fid": {}, "prdc": {"k": 5}}
    told = []

    def draws(metrics, **more):
        return kept_draws(whole, metrics, options, REGISTRY, whole.protocol, **more).bands()

    assert draws(METRICS, compute=False) == {}
    first = draws(METRICS[:1], on_draw=lambda draw, of: told.append((draw, of)))
    assert told == [(draw, 20) for draw in range(20)]
    assert draws(METRICS, compute=False) == first
    assert first["fid"]["count"] == len(whole.samples("fake"))


def test_a_reference_that_is_no_split_which_can_be_divided_anew_has_no_bands():
    whole = numbered(protocol={"reference_split": "validation"})
    assert kept_draws(whole, METRICS, {"fid": {}, "prdc": {}}, REGISTRY, whole.protocol).bands() == {}


@pytest.mark.parametrize(("rows", "draws"), [(600, 20), (10_000, 20), (10_001, 10), (100_000, 10), (1_000_000, 5)])
def test_large_data_is_divided_less_often(rows, draws):
    assert draws_for(rows) == draws


def test_density_and_coverage_are_what_they_are_of_any_continuous_distribution():
    for seed in range(3):
        assert draw_real(gaussian(seed), METRICS, count=150, draws=10).surprises() == []


def test_duplicates_are_told_by_scores_that_no_continuous_distribution_has():
    rows = np.repeat(np.random.default_rng(0).normal(size=(30, 4)), 15, axis=0).astype(np.float32)
    np.random.default_rng(1).shuffle(rows)
    sets = {"train": rows[:300], "test": rows[300:], "real": rows[:300], "fake": rows[300:]}
    (said, *_) = draw_real(row_evaluation(**sets), METRICS, count=150, draws=10).surprises()
    assert "of real samples against real ones is" in said
    assert "duplicates" in said


def test_a_band_of_a_skewed_distance_does_not_reach_below_zero():
    skewed = MetricResult(
        metric=REGISTRY.metrics["fid"], values={"fid": 46.0}, errors={"fid": 57.0}, noted=bands.Noted()
    )
    (band,) = bands.RealDraws([skewed], count=114, draws=20).bands().values()
    assert (band["low"], band["high"]) == (0.0, pytest.approx(46 + stats.t.ppf(0.975, 19) * 57 * (1 + 1 / 20) ** 0.5))


def test_a_band_of_a_share_lies_between_nothing_and_all():
    near = {"precision": 0.99, "recall": 0.01, "density": 0.01}
    errors = dict.fromkeys(near, 0.02)
    result = MetricResult(metric=REGISTRY.metrics["prdc"], values=near, errors=errors, noted=bands.Noted())
    found = bands.RealDraws([result], count=100, draws=20).bands()
    assert found["precision"]["high"] == 1.0
    assert found["recall"]["low"] == 0.0
    assert found["density"]["low"] == 0.0  # from nothing, and without an upper end
    assert found["density"]["high"] > 0.01
