"""Samples that a program holds, in every form, are the samples that they are in a file."""

import numpy as np
import pytest
import torch

from genharness.api.arrays import held_samples
from genharness.errors import ConfigError, DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 3, 8, 8), dtype=np.uint8)


def held(samples, count=None, labels=None):
    return held_samples(samples, count=count, labels=labels, where="samples")


@pytest.mark.parametrize(
    "samples",
    [
        IMAGES,
        torch.from_numpy(IMAGES),
        torch.from_numpy(IMAGES / 255.0).requires_grad_(),
        IMAGES.transpose(0, 2, 3, 1),
        [IMAGES[:10], torch.from_numpy(IMAGES[10:])],
        (batch for batch in np.split(IMAGES, 3)),
    ],
    ids=["array", "tensor", "floats with a gradient", "channels last", "batches", "iterator"],
)
def test_every_form_holds_the_same_images(samples):
    np.testing.assert_array_equal(held(samples).samples, IMAGES)


def test_bfloat16_which_numpy_lacks_is_taken():
    found = held(torch.from_numpy(IMAGES / 255.0).bfloat16()).samples
    assert np.abs(found.astype(int) - IMAGES).max() <= 1


def test_a_function_is_asked_for_no_more_than_the_count_in_batches():
    asked = []

    def draw(n):
        asked.append(n)
        return np.full((n, 8, 8), 7, np.uint8)

    assert len(held(draw, count=600).samples) == 600
    assert asked == [250, 250, 100]


def test_an_endless_iterator_is_read_up_to_the_count():
    def batches():
        while True:
            yield IMAGES

    assert len(held(batches(), count=45).samples) == 45


def test_a_path_stays_a_path(tmp_path):
    assert held(tmp_path) == str(tmp_path)


@pytest.mark.parametrize(
    ("samples", "count", "error", "message"),
    [
        (lambda n: IMAGES[:n], None, ConfigError, "say with count how many"),
        ([IMAGES], 31, DataError, "gave 30 samples, and 31 were asked for"),
        ([IMAGES, IMAGES[:, :1]], None, DataError, "batch 1 has shape"),
        ([], None, DataError, "holds no samples"),
        ({"a": IMAGES}, None, DataError, "is dict: give an array"),
        (3, None, DataError, "is int: give an array"),
        (np.full((4, 8, 8), np.nan), None, DataError, "NaN or infinity"),
        (np.array([[object()]]), None, DataError, "samples"),
    ],
)
def test_what_is_no_set_of_samples_is_refused_in_one_line(samples, count, error, message):
    with pytest.raises(error, match=message) as raised:
        held(samples, count=count)
    assert len(raised.value.lines) == 1


def test_labels_come_as_numbers_tensors_or_one_hot_rows():
    wanted = np.arange(30) % 3
    for labels in (wanted, torch.from_numpy(wanted), np.eye(3)[wanted]):
        np.testing.assert_array_equal(held(IMAGES, labels=labels).labels, wanted)


def endless(batch):
    while True:
        yield batch


def test_an_endless_iterator_without_a_count_ends_where_memory_would(monkeypatch):
    monkeypatch.setattr("genharness.api.arrays.free_memory", lambda: 50 * IMAGES.nbytes)
    with pytest.raises(DataError, match=r"samples: 780 samples take more than half .*: say with count"):
        held(endless(IMAGES))


def test_batches_that_hold_nothing_do_not_go_on_for_ever():
    for count in (None, 5):
        with pytest.raises(DataError, match="gave 1,001 batches without a sample, one after the other"):
            held(endless(IMAGES[:0]), count=count)
    assert len(held([IMAGES[:0], IMAGES, IMAGES[:0]]).samples) == 30


@pytest.mark.parametrize("made", [lambda batch: lambda n: batch, lambda batch: endless(batch)])
def test_of_a_batch_that_is_far_too_large_no_more_than_the_count_is_taken(made):
    batch = np.broadcast_to(IMAGES[0], (10**12, 3, 8, 8))
    found = held(made(batch), count=45)
    np.testing.assert_array_equal(found.samples, np.broadcast_to(IMAGES[0], (45, 3, 8, 8)))


@pytest.mark.parametrize("spread", [np.broadcast_to, lambda one, shape: torch.from_numpy(one).expand(*shape)])
def test_an_array_that_memory_cannot_hold_is_refused(spread):
    with pytest.raises(DataError, match=r"1,000,000,000,000 samples need .*count"):
        held(spread(IMAGES[:1], (10**12, 3, 8, 8)))


@pytest.mark.parametrize("kind", [object, *([np.dtypes.StringDType()] if hasattr(np.dtypes, "StringDType") else [])])
def test_words_that_are_held_as_objects_are_words(kind):
    found = held(IMAGES, labels=np.array(["cat", "dog"] * 15).astype(kind))
    assert (found.class_names, found.labels.tolist()) == (("cat", "dog"), [0, 1] * 15)


def test_numbers_that_are_held_as_objects_are_numbers():
    found = held(IMAGES, labels=np.arange(30).astype(object))
    assert (found.class_names, found.labels.tolist()) == ((), list(range(30)))


@pytest.mark.parametrize(
    ("first", "second", "told"), [("a", None, "2 is None"), (1, "b", "2 is b"), (None, "b", "1 is None")]
)
def test_objects_that_are_no_labels_are_named(first, second, told):
    with pytest.raises(DataError, match=rf"samples: labels: entry {told}: give words, or whole numbers from 0"):
        held(IMAGES, labels=np.array([first, second] * 15, object))
