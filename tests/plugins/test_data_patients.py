"""Splits by patient: nobody is in two, every class is near its share, and the result is the same everywhere."""

from __future__ import annotations

import collections

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genharness_data_chest_xray.metadata import read_rows, select
from genharness_data_chest_xray.patients import one_person, split_by_patient

SHARES = {"train": 0.7, "validation": 0.1, "test": 0.2}


def assert_no_patient_is_shared(patients, splits):
    homes = collections.defaultdict(set)
    for split, indices in splits.items():
        for index in indices:
            homes[patients[index]].add(split)
    assert all(len(found) == 1 for found in homes.values())


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2)), max_size=60), st.integers(0, 5))
def test_every_image_is_in_one_split_and_no_patient_in_two(images, seed):
    patients, labels = [f"p{patient}" for patient, _ in images], [label for _, label in images]
    splits = split_by_patient(patients, labels, SHARES, seed=seed)
    assert sorted(index for indices in splits.values() for index in indices) == list(range(len(images)))
    assert_no_patient_is_shared(patients, splits)


def test_each_class_is_near_its_share():
    patients = [f"p{number}" for number in range(300)]
    labels = [0] * 200 + [1] * 60 + [2] * 40
    splits = split_by_patient(patients, labels, SHARES)
    for label, total in ((0, 200), (1, 60), (2, 40)):
        for split, share in SHARES.items():
            assert sum(labels[index] == label for index in splits[split]) == pytest.approx(share * total, abs=1)


def test_smallest_class_reaches_every_split():
    splits = split_by_patient(list("abcdefghijklm"), [0] * 10 + [1] * 3, SHARES)
    assert all(any(index >= 10 for index in indices) for indices in splits.values())


def test_split_is_the_same_in_every_release():
    splits = split_by_patient(list("abcdefgh"), [0] * 8, {"train": 0.75, "test": 0.25})
    assert splits == {"train": [0, 1, 2, 3, 6, 7], "test": [4, 5]}


def test_order_of_the_rows_does_not_move_a_patient():
    patients, labels = [f"p{number}" for number in range(40)], [number % 3 for number in range(40)]
    there = split_by_patient(patients, labels, SHARES)
    back = split_by_patient(patients[::-1], labels[::-1], SHARES)
    assert {split: {patients[i] for i in indices} for split, indices in there.items()} == {
        split: {patients[::-1][i] for i in indices} for split, indices in back.items()
    }


def test_another_seed_gives_another_split():
    patients, labels = [f"p{number}" for number in range(40)], [0] * 40
    assert split_by_patient(patients, labels, SHARES, seed=0) != split_by_patient(patients, labels, SHARES, seed=1)


def test_patients_that_belong_together_are_one_person_by_chains():
    people = one_person(list("abcde"), [("a", "b"), ("d", "c"), ("c", "b"), ("a", "d")])
    assert people == ["a", "a", "a", "a", "e"]


@pytest.mark.parametrize(
    ("labels", "shares", "message"),
    [
        ([0], {"train": 0.5, "test": 0.5}, "patients has 2 entries but labels has 1"),
        ([0, 0], {"train": 0.5, "test": 0.4}, "sum to 0.9"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(labels, shares, message):
    with pytest.raises(ValueError, match=message):
        split_by_patient(["a", "b"], labels, shares)


def test_no_patient_of_the_real_table_is_in_two_splits(shared_data):
    folder = shared_data / "covid-chestxray-dataset"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    rows = read_rows((folder / "metadata.csv").read_bytes(), "metadata.csv")
    selection = select(rows, {path.name for path in (folder / "images").iterdir()})
    people = one_person([xray.patient for xray in selection.xrays], selection.same_person)
    splits = split_by_patient(people, [xray.label for xray in selection.xrays], SHARES)
    assert_no_patient_is_shared(people, splits)
    listed = collections.defaultdict(set)  # file -> every patient that the table gives it to
    for row in rows:
        listed[row["filename"]].add(row["patientid"])
    by_split = [
        {patient for index in indices for patient in listed[selection.xrays[index].filename]}
        for indices in splits.values()
    ]
    assert len(set().union(*by_split)) == sum(map(len, by_split)) > 300
