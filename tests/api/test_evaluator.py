"""`genharness.Evaluator`: in somebody's own training loop."""

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from genharness.api import Evaluator, evaluate
from genharness.errors import ConfigError, DataError
from genharness.files.home import home

IMAGES = (load_digits().images[:90] * 15.9375).astype(np.uint8)[:, None]
FAST = {"features": "pixels", "metrics": "fid,prdc,vendi"}


@pytest.fixture
def evaluator():
    return Evaluator("digits", **FAST)


def filled(evaluator, images, step=17):
    for start in range(0, len(images), step):
        evaluator.update(images[start : start + step])
    return evaluator


def test_batches_score_as_all_of_them_at_once_bit_for_bit(evaluator):
    assert filled(evaluator, IMAGES).compute().scores == evaluate(IMAGES, dataset="digits", **FAST).scores


def test_features_come_with_the_samples_and_are_the_same_as_if_all_had_come_at_once(evaluator, monkeypatch):
    monkeypatch.setattr("genharness.measure.feature_cache.CHUNK", 25)
    filled(evaluator, IMAGES)
    assert sum(len(one.features) for one in evaluator._extracted) == 75
    assert evaluator.compute().scores == evaluate(IMAGES, dataset="digits", **FAST).scores


def test_samples_of_another_size_after_a_reset_are_extracted_as_such(monkeypatch):
    monkeypatch.setattr("genharness.measure.feature_cache.CHUNK", 25)
    evaluator = Evaluator("digits", **FAST)
    large = IMAGES.repeat(2, axis=2).repeat(2, axis=3)
    for images in (IMAGES, large, IMAGES):
        evaluator.reset()
        assert filled(evaluator, images).compute().scores == evaluate(images, dataset="digits", **FAST).scores


def test_a_protocol_that_takes_some_of_the_samples_takes_their_features(evaluator, monkeypatch):
    monkeypatch.setattr("genharness.measure.feature_cache.CHUNK", 25)
    some = dataclasses.replace(evaluator._scoring.measuring, samples=40)
    evaluator._scoring = dataclasses.replace(evaluator._scoring, measuring=some)
    scores = filled(evaluator, IMAGES).compute().scores
    assert scores == evaluate(IMAGES, dataset="digits", count=40, **FAST).scores


def test_more_samples_may_come_after_a_score_and_reset_begins_anew(evaluator):
    first = filled(evaluator, IMAGES[:40]).compute().scores
    assert filled(evaluator, IMAGES[40:]).compute().scores == evaluate(IMAGES, dataset="digits", **FAST).scores
    evaluator.reset()
    assert len(evaluator) == 0
    assert filled(evaluator, IMAGES[:40]).compute().scores == first


def test_records_say_which_code_is_behind_every_score_also_of_metrics_that_want_labels():
    evaluator = Evaluator("digits", features="pixels", metrics="fid,fid-per-class")
    labels = load_digits().target[:90]
    for given in (None, labels):
        evaluator.reset()
        evaluator.update(IMAGES, given)
        found = evaluator.compute()
        alike = evaluate(IMAGES, dataset="digits", labels=given, features="pixels", metrics="fid,fid-per-class")
        assert (found.record.code, found.scores) == (alike.record.code, alike.scores)
    assert set(found.record.code) == {"fid", "fid-per-class"}


def test_samples_that_the_caller_overwrites_are_kept(evaluator):
    batch = IMAGES[:40].copy()
    evaluator.update(batch)
    batch[:] = 0
    assert evaluator.compute().scores == evaluate(IMAGES[:40], dataset="digits", **FAST).scores


def test_a_tensor_in_the_range_of_models_is_taken(evaluator):
    evaluator.update(torch.from_numpy(IMAGES) / 127.5 - 1)
    assert evaluator.compute().scores == evaluate(IMAGES, dataset="digits", **FAST).scores


def test_real_samples_are_extracted_once(evaluator):
    filled(evaluator, IMAGES).compute()
    kept = evaluator._computed.extracted["real", "pixels"]
    evaluator.compute()
    assert evaluator._computed.extracted["real", "pixels"] is kept


def test_nothing_of_the_samples_is_written(evaluator):
    filled(evaluator, IMAGES).compute()
    before = sorted(path for path in home().rglob("*") if path.is_file())
    evaluator.reset()
    filled(evaluator, IMAGES[::-1]).compute()
    assert sorted(path for path in home().rglob("*") if path.is_file()) == before


def test_rows_are_compared_with_rows():
    rows = np.random.default_rng(0).normal(size=(200, 4))
    scorer = Evaluator(reference=rows[:100], features="identity", metrics="fid")
    filled(scorer, rows[100:])
    assert (
        scorer.compute().scores == evaluate(rows[100:], reference=rows[:100], features="identity", metrics="fid").scores
    )


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Evaluator(), ConfigError, "a dataset, or a reference"),
        (lambda: Evaluator("digits", reference=IMAGES), ConfigError, "a dataset, or a reference"),
        (lambda: Evaluator("digits", metrics="nope"), ConfigError, "nope"),
        (lambda: Evaluator("digits", **FAST).compute(), DataError, "call update first"),
        (lambda: filled(Evaluator("digits", **FAST), IMAGES).update(IMAGES[:, :, :4]), DataError, "reset first"),
        (lambda: filled(Evaluator("digits", **FAST), IMAGES).update(IMAGES, np.zeros(90)), DataError, "have labels"),
    ],
)
def test_mistakes_are_said_in_one_line(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_batches_of_16_bits_are_scaled_in_one_way():
    deep = np.random.default_rng(0).integers(0, 4096, (40, 8, 8)).astype(np.uint16)
    evaluator = Evaluator(reference=deep, features="pixels", metrics="fid")
    filled(evaluator, deep // np.array([1, 8], np.uint16)[np.arange(40) // 20, None, None], step=20)
    assert {one.white for one in evaluator._batches} == {4095}
    alone = Evaluator("digits", features="pixels", metrics="fid")
    alone.update(deep // 16)
    with pytest.raises(DataError, match="white is 4,095 in these samples, and 255 in earlier ones: give all as uint8"):
        alone.update(deep)


def test_words_of_batches_are_numbered_together():
    words = load_digits().target[:90].astype(str)
    keep = [place for place in range(90) if place < 40 or words[place] not in "059"]
    scorer = Evaluator("digits", features="pixels", metrics="fid-per-class")
    for some in (keep[:40], keep[40:]):
        scorer.update(IMAGES[some], words[some])
    alike = evaluate(
        IMAGES[keep], labels=words[keep], dataset="digits", features="pixels", metrics="fid-per-class", bands=False
    )
    assert scorer.compute().scores == alike.scores


def test_words_in_one_batch_and_numbers_in_another_are_refused(evaluator):
    labels = load_digits().target[:90]
    evaluator.update(IMAGES, labels)
    with pytest.raises(DataError, match="labels of some batches are words and of some numbers"):
        evaluator.update(IMAGES, labels.astype(str))


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (IMAGES / 127.5 - 1, IMAGES / 255, r"is read as values in \[0, 1\] scaled, and the first was as .*\[-1, 1\]"),
        (IMAGES / 255, IMAGES / 127.5 - 1, r"values in \[-1, 1\] scaled, and the first was as values in \[0, 1\]"),
        (IMAGES, IMAGES / 255, "and the first was as uint8: give all as uint8, or scale all alike"),
        (IMAGES / 255, IMAGES, "is read as uint8, and the first was"),
    ],
)
def test_batches_of_another_range_are_refused_as_they_are_in_one_array(evaluator, first, second, told):
    evaluator.update(first)
    with pytest.raises(DataError, match=told):
        evaluator.update(second)
    assert len(evaluator) == 90
    evaluator.reset()
    evaluator.update(second)


@pytest.mark.parametrize("second", [IMAGES.astype(float), IMAGES.astype(int), np.zeros((20, 8, 8))])
def test_batches_whose_ranges_mean_the_same_bytes_are_taken(evaluator, second):
    evaluator.update(IMAGES)
    evaluator.update(second)
    images = np.concatenate([IMAGES, second.reshape(-1, 1, 8, 8).astype(np.uint8)])
    assert evaluator.compute().scores == evaluate(images, dataset="digits", **FAST).scores
