"""Stratified choices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genharness.data import stratified_split, stratified_subset

LABELS = np.repeat(np.arange(3), (60, 30, 10))


def test_each_class_keeps_its_share():
    chosen = stratified_subset(LABELS, 100, 20)
    assert np.bincount(LABELS[chosen]).tolist() == [12, 6, 2]


def test_choice_is_seeded_sorted_and_unique():
    chosen = stratified_subset(LABELS, 100, 20, seed=1)
    np.testing.assert_array_equal(chosen, stratified_subset(LABELS, 100, 20, seed=1))
    assert not np.array_equal(chosen, stratified_subset(LABELS, 100, 20, seed=2))
    assert (np.diff(chosen) > 0).all()


def test_the_stream_never_changes():
    """A published split must be the same with every version of numpy."""
    assert stratified_subset(None, 20, 6, seed=0).tolist() == [1, 8, 10, 17, 18, 19]


@given(st.lists(st.integers(0, 4), min_size=2, max_size=60), st.floats(0.05, 0.95), st.booleans())
def test_split_takes_every_sample_once(labels, fraction, labelled):
    array = np.asarray(labels) if labelled else None
    train, test = stratified_split(array, len(labels), fraction)
    assert min(len(train), len(test)) > 0
    assert sorted([*train, *test]) == list(range(len(labels)))


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: stratified_subset(None, 5, 6), "count=6"),
        (lambda: stratified_subset(LABELS, 5, 1), "labels"),
        (lambda: stratified_split(None, 1, 0.5), "total=1"),
        (lambda: stratified_split(None, 5, 1.0), "test_fraction"),
    ],
)
def test_impossible_choices_name_the_argument(call, word):
    with pytest.raises(ValueError, match=word):
        call()
