"""The data behind a record, on the machine where the record is read."""

from types import SimpleNamespace

import pytest

from board_records import record
from genharness.data import ensure_prepared
from genharness.data.recorded import recorded_data
from genharness.errors import DataError


@pytest.fixture
def registry(toy):
    return SimpleNamespace(datasets=SimpleNamespace(find={"toy": toy.spec}.__getitem__))


def measured(dataset_hash=""):
    made = record("vae", 1.0, dataset="toy")
    made.protocol = {**made.protocol, "dataset_hash": dataset_hash}
    made.environment = {"hostname": "elsewhere"}
    return made


def test_the_same_data_is_prepared_where_it_was_not(toy, registry):
    expected = ensure_prepared(toy.spec, "toy").content_hash
    assert recorded_data(measured(expected), registry, same=True).content_hash == expected


def test_other_data_of_the_name_is_refused_where_it_must_be_the_same(toy, registry):
    with pytest.raises(DataError, match="was trained on elsewhere, and toy holds other data here"):
        recorded_data(measured("another"), registry, same=True)
    assert recorded_data(measured("another"), registry, same=False).name == "toy"


def test_data_that_cannot_be_had_is_told_with_where_it_was(toy, registry):
    refuses = "from genharness import DataError\ndef prepare(request):\n    raise DataError('offline')"
    (toy.folder / "toy_dataset.py").write_text(refuses)
    with pytest.raises(DataError, match="was trained on toy on elsewhere, and that data cannot be had here: offline"):
        recorded_data(measured(), registry, same=True)
