"""Evaluations of planted faults."""

import numpy as np

from evaluations import row_evaluation
from genharness.selfcheck.planting import Faulty, division, most_samples


def numbered(labels=None):
    """100 rows that are their own numbers, in two splits."""
    rows = np.arange(100, dtype=np.float32)[:, None]
    known = {} if labels is None else {"train": labels[:60], "test": labels[60:]}
    return row_evaluation(labels=known, train=rows[:60], test=rows[60:], fake=rows[60:])


def members(samples):
    return set(samples[:, 0].astype(int))


def test_no_row_is_in_two_sets():
    for draw in range(3):
        one, material = division(numbered(), 15, draw)
        sets = [members(one.samples(which)) for which in ("train", "test")] + [members(material.fresh)]
        assert [len(several) for several in sets] == [40, 20, 40]
        assert set().union(*sets) == set(range(100))
        assert members(one.samples("real")) == members(one.samples("train"))


def test_what_is_scored_without_a_fault_is_what_faults_begin_with():
    labels = np.arange(100) % 7
    one, material = division(numbered(labels), 15, 0)
    assert members(one.samples("fake")) == members(material.samples)
    assert (material.labels == material.fresh[:, 0].astype(int) % 7).all()
    assert (material.train_labels == material.train[:, 0].astype(int) % 7).all()
    assert len(material.samples) == 15


def test_classes_are_as_frequent_in_every_set_as_in_all():
    labels = (np.arange(100) % 10 < 3).astype(np.int64)
    for draw in range(3):
        one, material = division(numbered(labels), 20, draw)
        assert [int(one.labels(which).sum()) for which in ("train", "test", "fake")] == [12, 6, 6]
        assert material.labels.sum() == 12


def test_divisions_are_their_own_and_come_again():
    first, again, other = (division(numbered(), 15, draw)[1].fresh for draw in (0, 0, 1))
    assert (first == again).all()
    assert members(first) != members(other)


def test_a_fault_changes_its_own_sets_and_leaves_the_others():
    sound, material = division(numbered(), 15, 0)
    one = Faulty(sound, {"fake": (material.samples + np.float32(1000), None)})
    assert one.features("fake").min() >= 1000
    for which in ("real", "train", "test"):
        assert one.samples(which) is sound.samples(which)
        assert (one.features(which) == sound.features(which)).all()


def test_what_hangs_on_untouched_sets_is_derived_once_for_all_faults_and_else_anew():
    sound, material = division(numbered(), 15, 0)
    asked = []

    def compute():
        asked.append(1)
        return {"a": np.zeros(1)}

    for _ in range(3):
        Faulty(sound, {"fake": (material.samples, None)}).derived("what", ("real",), compute)
    assert len(asked) == 1
    Faulty(sound, {"real": (material.train + np.float32(1), None)}).derived("what", ("real",), compute)
    assert len(asked) == 2


def test_at_most_a_fifth_is_scored():
    assert most_samples(100) == 20
