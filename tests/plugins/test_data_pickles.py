"""Official pickles are read; a pickle with code in it is refused and its code never runs."""

from __future__ import annotations

import io
import os
import pickle

import numpy as np
import pytest

from genharness import DataError
from genharness_data_vision.pickles import load_pickle, read_batch

IMAGES = np.arange(2 * 3072, dtype=np.uint8).reshape(2, 3072)


class Evil:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def load(data: bytes):
    return load_pickle(io.BytesIO(data), "data_batch_1")


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_dictionary_of_arrays_and_labels_is_read(protocol):
    content = load(pickle.dumps({"data": IMAGES, "labels": [3, 7]}, protocol))
    np.testing.assert_array_equal(content["data"], IMAGES)
    assert content["labels"] == [3, 7]


def test_pickle_of_python_2_is_read():
    # As Python 2 and numpy 1 wrote it: text is bytes, and the flags of the type are 0 and 1.
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR(K\x01(K\x01K\x02t"
        b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U\x02\x07\x09tb"
    )
    content = load(b"\x80\x02}(U\x04data" + array + b"U\x06labels](K\x05eu.")
    np.testing.assert_array_equal(content["data"], np.array([[7, 9]], np.uint8))
    assert content["labels"] == [5]


def test_byte_order_and_fortran_order_are_kept():
    values = np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3))
    content = load(pickle.dumps({"data": values}, 2))
    np.testing.assert_array_equal(content["data"], values)
    assert np.dtype(np.int32).isnative  # numpy's own type was not touched


def test_code_is_refused_by_name_and_does_not_run(tmp_path):
    target = tmp_path / "ran"
    data = pickle.dumps({"data": Evil(os.system, f"touch {target}")})
    with pytest.raises(DataError, match=r"data_batch_1 was refused as a pickle: it asks for (posix|nt)\.system"):
        load(data)
    assert not target.exists()


FUNCTIONS = [eval, exec, __import__, getattr, np.load, np.memmap, pickle.loads]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_other_functions_are_refused(function):
    with pytest.raises(DataError, match="it asks for"):
        load(pickle.dumps({"data": Evil(function, "x")}))


def test_array_of_objects_is_refused():
    with pytest.raises(DataError, match="object"):
        load(pickle.dumps({"data": np.array([None, 1], dtype=object)}, 2))


def test_every_truncation_is_refused():
    whole = pickle.dumps({"data": IMAGES[:, :20], "labels": [1, 2]}, 2)
    for length in range(len(whole)):
        with pytest.raises(DataError, match="data_batch_1"):
            load(whole[:length])


def test_random_changes_give_a_dictionary_or_a_refusal():
    whole = pickle.dumps({"data": IMAGES[:, :20], "labels": [1, 2]}, 2)
    random = np.random.RandomState(0)
    refused = 0
    for _ in range(2000):
        changed = bytearray(whole)
        changed[random.randint(len(whole))] = random.randint(256)
        try:
            assert isinstance(load(bytes(changed)), dict)
        except DataError:
            refused += 1
    assert refused > 100


def test_pickle_of_something_else_is_refused():
    with pytest.raises(DataError, match="holds a list, not the dictionary"):
        load(pickle.dumps([1, 2]))


def batch(data=IMAGES, labels=(3, 7), **settings):
    content = {"data": data, "labels": list(labels)}
    return read_batch(content, "batch", **{"side": 32, "classes": 10, **settings})


def test_rows_are_planar():
    images, labels = batch()
    assert images.shape == (2, 3, 32, 32)
    assert images[1, 2, 0, 1] == IMAGES[1, 2 * 1024 + 1]
    np.testing.assert_array_equal(labels, [3, 7])


def test_labels_that_start_at_one_become_labels_from_zero():
    np.testing.assert_array_equal(batch(labels=(1, 10), first_label=1)[1], [0, 9])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": (1, 2, 3)}, "2 images but 3 labels"),
        ({"labels": (1, 10)}, "labels 1 to 10, not 0 to 9"),
        ({"labels": (-1, 1)}, "labels -1 to 1, not 0 to 9"),
        ({"labels": (0.5, 1)}, "not whole numbers"),
        ({"labels": ("cat", "dog")}, "not whole numbers"),
        ({"data": IMAGES[:, :-1]}, "no uint8 images of 3x32x32"),
        ({"data": IMAGES.astype(np.float32)}, "no uint8 images of 3x32x32"),
        ({"data": None}, "no uint8 images of 3x32x32"),
    ],
)
def test_batch_that_does_not_fit_is_refused_with_the_reason(change, message):
    with pytest.raises(DataError, match=message):
        batch(**change)


def test_batch_without_labels_is_refused():
    with pytest.raises(DataError, match="batch has no labels"):
        read_batch({"data": IMAGES}, "batch", side=32, classes=10)
