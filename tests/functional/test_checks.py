"""What callers may hand to the maths of metrics."""

import numpy as np
import pytest
import torch

from genharness.functional.checks import as_features, as_images, as_tensor, check_same_width, check_whole, legacy_seed


def test_memory_is_shared_and_gradients_are_not():
    array = np.ones((2, 3))
    as_tensor(array)[0, 0] = 7.0
    assert array[0, 0] == 7.0
    assert not as_tensor(torch.ones(2, requires_grad=True)).requires_grad


def test_the_other_byte_order_and_memory_maps_are_read(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(6.0).astype(">f8").reshape(2, 3))
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    assert as_features(mapped, "a").tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.int64, torch.float64),
        (torch.uint8, torch.float64),
        (torch.bool, torch.float64),
    ],
)
def test_features_are_float32_or_float64(given, becomes):
    assert as_features(torch.ones(2, 3, dtype=given), "a").dtype == becomes


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_is_named_with_its_place(value):
    rows = torch.zeros(3000, 4)
    rows[2500, 3] = value
    with pytest.raises(ValueError, match=rf"reals holds {value} at \[2500, 3\]"):
        as_features(rows, "reals")


@pytest.mark.parametrize("shape", [(), (3,), (0, 4), (3, 0), (2, 3, 4)])
def test_what_is_no_matrix_is_named_with_its_shape(shape):
    with pytest.raises(ValueError, match="reals must be a matrix"):
        as_features(np.zeros(shape), "reals")


@pytest.mark.parametrize("bad", [np.ones((2, 2), complex), np.array([["a"]]), torch.ones(2, 2, dtype=torch.cfloat)])
def test_what_are_no_real_numbers_is_refused(bad):
    with pytest.raises(TypeError, match="reals must hold real numbers"):
        as_features(bad, "reals")


def test_images_are_bytes_of_four_dimensions():
    assert as_images(np.zeros((2, 3, 4, 4), np.uint8), "fakes").shape == (2, 3, 4, 4)
    with pytest.raises(TypeError, match="fakes must be uint8"):
        as_images(np.zeros((2, 3, 4, 4)), "fakes")
    with pytest.raises(ValueError, match=r"fakes must be images .* not of shape \(2, 0, 4, 4\)"):
        as_images(np.zeros((2, 0, 4, 4), np.uint8), "fakes")


def test_sets_of_two_extractors_are_told_apart():
    with pytest.raises(ValueError, match="b has 3 columns where a has 2"):
        check_same_width(torch.ones(4, 2), "a", torch.ones(4, 3), "b")


@pytest.mark.parametrize("value", [1, 7, np.int32(7)])
def test_a_whole_number_of_any_kind_is_one(value):
    assert check_whole(value, "k") == value


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (1.0, TypeError), (True, TypeError), ("3", TypeError)])
def test_what_is_none_is_named_with_its_value(value, error):
    with pytest.raises(error, match=r"k must be .* not"):
        check_whole(value, "k")


@pytest.mark.parametrize("seed", [0, 2020, 2**32 - 1])
def test_a_seed_of_32_bits_is_itself(seed):
    assert legacy_seed(seed) == seed


def test_larger_seeds_are_taken_by_numpys_legacy_generator_and_differ():
    seeds = [legacy_seed(2**32 + k) for k in range(100)] + [legacy_seed(2**64 - 1)]
    assert len(set(seeds)) == len(seeds)
    for seed in seeds:
        np.random.RandomState(seed)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="non-negative"):
        legacy_seed(-1)
