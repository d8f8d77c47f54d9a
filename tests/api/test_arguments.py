"""What the functions of Python are given and cannot use is refused in one line; nothing of it is taken in silence."""

import sys

import numpy as np
import pytest
import torch

import genharness
from board_records import CLOSE, FAR, seeds
from genharness.errors import ConfigError, DataError, GenharnessError
from genharness.results.store import Store

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 1, 8, 8), dtype=np.uint8)
NO_PATHS = (None, 3, "", b"results", [], float("nan"), "a\0b")
NO_NAMES = (None, 3, [None], [3], b"digits")


@pytest.fixture
def results(tmp_path):
    store = Store(tmp_path / "results", writing=True)
    store.open_for_writing()
    for record in (*seeds("vae", CLOSE), *seeds("gan", FAR)):
        store.save(record)
    return store.folder


def refused(function, *words, kind=ConfigError):
    with pytest.raises(kind) as caught:
        function()
    (line,) = caught.value.lines
    assert "\n" not in line
    assert len(line) < 400
    assert all(word in line for word in words), line


@pytest.mark.parametrize("path", NO_PATHS, ids=repr)
def test_what_is_no_path_is_no_results_folder(path):
    refused(lambda: genharness.load_results(path), "path=")
    for function in (genharness.leaderboard, lambda folder: genharness.compare("vae", "gan", results=folder)):
        refused(lambda function=function: function(path), "results=")
    refused(lambda: genharness.evaluate(IMAGES, dataset="digits", results=path, register=True), "results=")
    if path is not None:
        refused(lambda: genharness.plan(path), "suite=")
        refused(lambda: genharness.plan(results=path), "results=")


def test_a_name_that_is_too_long_is_refused_by_whatever_looks_there():
    path = "a" * 5000
    refused(lambda: genharness.load_results(path), "too long", kind=GenharnessError)
    refused(lambda: genharness.leaderboard(path), "too long", kind=GenharnessError)
    refused(lambda: genharness.compare("vae", "gan", results=path), "too long", kind=GenharnessError)
    refused(lambda: genharness.plan(results=path), "too long", kind=GenharnessError)
    refused(
        lambda: genharness.evaluate(IMAGES, dataset="digits", results=path, register=True),
        "too long",
        kind=GenharnessError,
    )


@pytest.mark.parametrize("names", NO_NAMES, ids=repr)
@pytest.mark.parametrize("argument", ["datasets", "columns"])
def test_what_is_no_name_is_none_of_a_leaderboard(results, argument, names):
    refused(lambda: genharness.leaderboard(results, **{argument: names}), f"{argument}=")


@pytest.mark.parametrize(
    "given", [{"sort": 3}, {"seeds": "nope"}, {"seeds": None}, {"interval": "x"}, {"sort": ["fid"]}]
)
def test_other_arguments_of_a_leaderboard_are_checked(results, given):
    refused(lambda: genharness.leaderboard(results, **given), f"{next(iter(given))}=")


@pytest.mark.parametrize(
    "given",
    [{"form": None}, {"form": 3}, {"width": 0}, {"width": -1}, {"width": float("nan")}, {"width": None}, {"set": 3}],
)
def test_arguments_of_its_text_are_checked(results, given):
    refused(lambda: genharness.leaderboard(results).render(**given), f"{next(iter(given))}=")


@pytest.mark.parametrize("rows", [(None, "vae"), (3, 4), (["vae"], "gan")], ids=str)
def test_rows_that_are_no_text_are_not_compared(results, rows):
    refused(lambda: genharness.compare(*rows, results=results), "rows=")


def test_no_row_is_too_few_and_an_endless_one_is_cut(results):
    refused(lambda: genharness.compare(results=results), "two rows", "none")
    refused(lambda: genharness.compare("vae", "x" * 5000, results=results), "no row", "5,000 characters")


@pytest.mark.parametrize(
    "given",
    [
        {"dataset": 3},
        {"dataset": ["digits"]},
        {"dataset": b"digits"},
        {"weights": 3},
        {"weights": "nowhere.pt"},
        {"device": None},
        {"device": 3},
        {"name": 3},
        {"bands": 3},
        {"units": ""},
        {"report": 3},
        {"report": None},
    ],
    ids=str,
)
def test_arguments_of_an_evaluation_are_checked(given):
    refused(lambda: genharness.evaluate(IMAGES, **{"dataset": "digits", **given}), f"{next(iter(given))}=")
    if not {"name", "bands", "units"} & given.keys():
        refused(lambda: genharness.Evaluator(**{"dataset": "digits", **given}), f"{next(iter(given))}=")


@pytest.mark.parametrize("side", [0, -1, 10**9, 2.5])
def test_a_side_is_one_that_the_command_takes(side):
    refused(lambda: genharness.evaluate(IMAGES, reference=IMAGES, resize_to=side), "resize_to=")


@pytest.mark.parametrize("count", [2.5, float("nan"), [1], 0, -1, 10**30, True])
def test_a_function_is_not_asked_for_a_count_that_is_none(count):
    asked = []
    refused(lambda: genharness.evaluate(asked.append, dataset="digits", count=count), "count=")
    assert asked == []


@pytest.mark.parametrize(
    "tensor",
    [
        torch.rand(30, 64).to_sparse(),
        torch.empty(30, 1, 8, 8, device="meta"),
        torch.rand(30, 1, 8, 8).to(torch.float8_e4m3fn),
    ],
    ids=["sparse", "without data", "float8"],
)
def test_tensors_that_are_no_arrays_are_refused(tensor):
    refused(lambda: genharness.evaluate(tensor, dataset="digits"), "samples cannot be taken", kind=DataError)
    refused(lambda: genharness.evaluate(iter([tensor]), dataset="digits"), "samples: batch 0 cannot", kind=DataError)
    refused(lambda: genharness.plan(datasets={"mine": tensor}), "dataset mine", kind=DataError)
    evaluator = genharness.Evaluator("digits", features="pixels", metrics="fid")
    refused(lambda: evaluator.update(tensor), "samples cannot be taken", kind=DataError)


def test_a_negated_view_is_the_tensor_that_it_is():
    values = -torch.rand(30, 1, 8, 8)
    options = {"dataset": "digits", "features": "pixels", "metrics": "fid"}
    assert (
        genharness.evaluate(torch._neg_view(-values), **options).scores == genharness.evaluate(values, **options).scores
    )


def test_masked_values_are_not_scored_as_what_is_under_the_mask():
    masked = np.ma.masked_array(IMAGES, IMAGES > 128)
    refused(lambda: genharness.evaluate(masked, dataset="digits"), "masked", kind=DataError)
    assert genharness.evaluate(np.ma.masked_array(IMAGES), dataset="digits", features="pixels", metrics="fid").scores


def broken(batches):
    yield from batches
    raise RuntimeError("the disk\nis gone")


class Odd:
    def __array__(self, *args, **options):
        raise KeyError("no array")


class Items:
    def __len__(self):
        return 3

    def __getitem__(self, place):
        return IMAGES[place, 0], {"label": place}


@pytest.mark.parametrize(
    "samples",
    [broken([IMAGES]), lambda n: sys.exit(3), lambda: IMAGES, lambda n: 1 / 0, Odd()],
    ids=["iterator", "exit", "no argument", "division", "__array__"],
)
def test_what_somebodys_code_raises_is_told_with_its_place(samples):
    with pytest.raises(DataError, match=r"^samples .*\(.*\.py:\d+\)") as caught:
        genharness.evaluate(samples, dataset="digits", count=300)
    assert len(caught.value.lines) == 1
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is not None


def test_a_dataset_whose_labels_are_no_numbers_is_refused():
    refused(lambda: genharness.plan(datasets={"mine": Items()}), "dataset mine", "not 'dict'", kind=DataError)
    refused(lambda: genharness.plan(datasets={"mine": {}}), "train must be among them")


class Silent:
    """An object of others that cannot even be written down."""

    def __str__(self):
        raise RuntimeError("no")


ARRAYS = (np.array([]), np.array([[1, "a"]], dtype=object), IMAGES.astype(complex), Silent())


@pytest.mark.parametrize("value", ARRAYS, ids=["empty", "objects", "complex", "silent"])
def test_an_array_is_no_value_of_any_option(results, value):
    refused(lambda: genharness.evaluate(IMAGES, reference=IMAGES, count=value), "count=")
    refused(lambda: genharness.evaluate(IMAGES, dataset="digits", units=value), "units=")
    refused(lambda: genharness.Evaluator("digits", weights=value), "weights=")
    refused(lambda: genharness.leaderboard(results, sort=value), "sort=")
    refused(lambda: genharness.load_results(results, stability=value), "stability=")
    refused(lambda: genharness.plan(value), "suite=")
    for name in ("samples", "jobs", "seeds"):
        refused(lambda name=name: genharness.plan(models="vae", datasets="digits", **{name: value}), f"{name}")


@pytest.mark.parametrize("value", [b"x", bytearray(b"12"), {1: 2}], ids=repr)
@pytest.mark.parametrize("name", ["seeds", "batch_size"])
def test_bytes_and_mappings_are_no_lists_of_numbers(name, value):
    refused(lambda: genharness.plan(models="vae", datasets="digits", **{name: value}), f"{name}=")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"on_event": None}, "on_event=None cannot be called: give a function"),
        ({"on_event": "print"}, "on_event=print cannot be called: give a function"),
        ({"stop": True}, "stop=True cannot be set: give a threading.Event"),
        ({"stop": np.array([])}, "cannot be set: give a threading.Event"),
    ],
    ids=str,
)
def test_listeners_that_cannot_listen_are_refused_before_anything_is_prepared(tmp_path, given, words):
    with pytest.raises(ConfigError, match=words):
        genharness.run(models="vae", datasets="digits", results=tmp_path / "results", **given)
    assert not (tmp_path / "results").exists()


def test_a_path_of_two_lines_is_told_on_one(tmp_path):
    path = str(tmp_path / "a\nb")
    refused(lambda: genharness.load_results(path), kind=GenharnessError)
    refused(lambda: genharness.evaluate(path, reference=IMAGES), kind=GenharnessError)
    refused(lambda: genharness.evaluate(IMAGES, reference=IMAGES, labels=path), kind=GenharnessError)
