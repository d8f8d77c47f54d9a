"""What callers may hand to the maths of metrics."""

import numpy as np
import pytest
import torch

from genharness.functional.checks import as_features, as_images, as_tensor, check_same_width, check_whole, legacy_seed
from genharness.functional.clusters import kmeans_centres
from genharness.functional.copying.cosine import nearest_cosines
from genharness.functional.copying.near_copies import near_copies
from genharness.functional.fid_infinity import fid_infinity
from genharness.functional.frechet import frechet_distance
from genharness.functional.gaussian_kernel import gaussian_mmd, median_square, mode_number
from genharness.functional.kid import kid, unbiased_mmd2
from genharness.functional.memorisation import memorisation
from genharness.functional.mind import mind
from genharness.functional.modes import bin_statistics
from genharness.functional.neighbours.clipped import clipped
from genharness.functional.neighbours.cover import cover
from genharness.functional.neighbours.probable import probable_precision_recall
from genharness.functional.neighbours.shared_pass import neighbour_pass
from genharness.functional.neighbours.symmetric import symmetric_precision_recall
from genharness.functional.prdc import knn_radii, nearest, prdc
from genharness.functional.sampling_error import frechet_error, kid_error, mind_error
from genharness.functional.vendi import vendi_error, vendi_score


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


OF_TWO_SETS = {
    "bins": lambda real, fake: bin_statistics(real, fake, bins=4).jsd,
    "clipped": lambda real, fake: clipped(real, fake).coverage,
    "cover": lambda real, fake: cover(real, fake).reals,
    "fid": frechet_distance,
    "fid-error": frechet_error,
    "fid-inf": lambda real, fake: fid_infinity(real, fake).value,
    "mind": mind,
    "mind-error": mind_error,
    "mmd": lambda real, fake: gaussian_mmd(real, fake, 4.0).unbiased,
    "p-precision": lambda real, fake: probable_precision_recall(real, fake).precision,
    "prdc": lambda real, fake: prdc(real, fake).density,
    "nearest": lambda real, fake: float(nearest(fake, real)[0].sum()),
    "radii": lambda real, fake: float(knn_radii(real, 5).sum()),
    "rke": lambda real, fake: mode_number(fake, 1.0).value,
    "bandwidth": lambda real, fake: median_square(real),
    "symmetric": lambda real, fake: symmetric_precision_recall(real, fake).precision,
}
"""Scores that hang on differences of rows alone."""
OF_ANY_ORIGIN = {
    "centres": lambda real, fake: kmeans_centres(real, 4, seed=0),
    "copies": lambda real, fake: near_copies(real[:40], real[40:], fake),
    "kid": kid,
    "kid-error": kid_error,
    "memorisation": lambda real, fake: memorisation(real[:40], real[40:], fake),
    "mifid": nearest_cosines,
    "mmd2": unbiased_mmd2,
    "pass": neighbour_pass,
    "vendi": lambda real, fake: vendi_score(fake),
    "vendi-error": lambda real, fake: vendi_error(fake, order=2),
}


def two_sets(dtype=np.float64):
    draw = np.random.default_rng(3)
    return draw.normal(size=(80, 3)).astype(dtype), (draw.normal(size=(80, 3)) + 0.5).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [*OF_TWO_SETS, *OF_ANY_ORIGIN])
def test_what_is_scored_is_only_read(name, dtype):
    real, fake = two_sets(dtype)
    before = real.copy(), fake.copy()
    {**OF_TWO_SETS, **OF_ANY_ORIGIN}[name](real, fake)
    assert np.array_equal(real, before[0])
    assert np.array_equal(fake, before[1])


@pytest.mark.parametrize("name", OF_TWO_SETS)
def test_columns_far_from_0_score_as_near_it(name):
    real, fake = two_sets()
    away = np.array([1e9, -1e6, 0.0])  # as times, money and a plain column
    expected = OF_TWO_SETS[name](real, fake)
    assert OF_TWO_SETS[name](real + away, fake + away) == pytest.approx(expected, rel=1e-5, abs=1e-5)
