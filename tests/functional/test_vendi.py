"""The Vendi score beside vendi-score, and on sets whose effective number is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from vendi_score import vendi as reference

from genharness.functional.sampling_error import jackknife_error
from genharness.functional.vendi import vendi_error, vendi_from_kernel, vendi_score

# vendi-score names scipy.sparse.csr, which SciPy has deprecated.
old_scipy = pytest.mark.filterwarnings("ignore:Please import `csr_matrix`:DeprecationWarning")


def rows(kind):
    rng = np.random.default_rng(0)
    if kind == "wide":
        return rng.normal(size=(40, 90))
    if kind == "tall":
        return rng.normal(size=(300, 20))
    if kind == "singular":
        return rng.normal(size=(200, 3)) @ rng.normal(size=(3, 50))
    if kind == "duplicated":
        return rng.normal(size=(5, 30))[rng.integers(0, 5, 100)]
    return np.abs(rng.normal(size=(100, 64))) + 1


@old_scipy
@pytest.mark.parametrize("kind", ["wide", "tall", "singular", "duplicated", "positive"])
def test_the_score_equals_that_of_vendi_score(kind):
    given = rows(kind)
    expected = reference.score_X(given) if len(given) <= given.shape[1] else reference.score_dual(given)
    assert vendi_score(given) == pytest.approx(expected, rel=1e-5)
    assert vendi_score(given) == pytest.approx(reference.score_X(given), rel=1e-5)


@old_scipy
def test_the_kernel_of_the_readme_scores_2_1573():
    kernel = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert round(vendi_from_kernel(kernel), 4) == 2.1573
    assert vendi_from_kernel(kernel) == pytest.approx(reference.score_K(kernel), rel=1e-5)


@pytest.mark.parametrize("shape", [(30, 50), (500, 20)])
def test_a_kernel_and_its_features_score_alike(shape):
    unit = np.random.default_rng(0).normal(size=shape)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    assert vendi_from_kernel(unit @ unit.T) == pytest.approx(vendi_score(unit), rel=1e-9)


@pytest.mark.parametrize("copies", [1, 7])
def test_orthogonal_rows_count_once_however_often_they_occur(copies):
    assert vendi_score(np.repeat(np.eye(6), copies, 0)) == pytest.approx(6)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_rows_that_point_one_way_are_one_at_any_scale(scale):
    assert vendi_score(scale * np.outer(np.arange(1.0, 30), np.ones(4))) == pytest.approx(1)


def test_a_single_row_is_one():
    assert vendi_score(np.ones((1, 5))) == pytest.approx(1)


def test_rows_of_zeros_are_one_kind_unlike_all_others():
    assert vendi_score(np.zeros((10, 4))) == pytest.approx(1)
    assert vendi_score(np.concatenate([np.zeros((3, 4)), np.ones((3, 4))])) == pytest.approx(2)


def test_a_collapsed_generator_scores_lower():
    given = rows("tall").astype(np.float32)
    assert vendi_score(given[:3].repeat(100, 0)) < 3.0001 < vendi_score(given)


def test_float32_and_float64_features_score_alike():
    given = rows("tall")
    assert vendi_score(given.astype(np.float32)) == pytest.approx(vendi_score(given), rel=1e-6)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (np.ones((2, 3)), r"kernel must be square, not \(2, 3\)"),
        (np.array([[1, 0.5], [0.4, 1]]), "kernel must be symmetric"),
        (np.array([[1, 0.5], [0.5, 2]]), "kernel must have ones on its diagonal; an entry is off by 1"),
        (np.array([[1, 2.0], [2, 1]]), "kernel must be positive semidefinite"),
        (np.array([[1, np.nan], [np.nan, 1]]), "kernel holds nan"),
        (np.empty((0, 0)), "kernel must be a matrix"),
    ],
)
def test_what_is_no_kernel_is_refused(kernel, message):
    with pytest.raises(ValueError, match=message):
        vendi_from_kernel(kernel)


@pytest.mark.parametrize(
    ("given", "message"),
    [(np.empty((0, 3)), "features must be a matrix"), (np.full((2, 2), np.inf), "features holds inf")],
)
def test_bad_features_are_named(given, message):
    with pytest.raises(ValueError, match=message):
        vendi_score(given)


@pytest.mark.gpu
@pytest.mark.parametrize("kind", ["wide", "tall", "singular", "duplicated"])
def test_cuda_gives_the_same_answer(kind):
    given = torch.from_numpy(rows(kind))
    assert vendi_score(given.cuda()) == pytest.approx(vendi_score(given), rel=1e-9)


@old_scipy
@pytest.mark.parametrize("order", [0.5, 2, np.inf])
@pytest.mark.parametrize("kind", ["wide", "tall", "duplicated"])
def test_scores_of_other_orders_equal_those_of_vendi_score(kind, order):
    given = rows(kind)  # score_X knows no order
    unit = given / np.linalg.norm(given, axis=1, keepdims=True)
    assert vendi_score(given, order=order) == pytest.approx(
        reference.score_K(unit @ unit.T, q="inf" if order == np.inf else order), rel=1e-5
    )
    assert vendi_from_kernel(unit @ unit.T, order=order) == pytest.approx(vendi_score(given, order=order), rel=1e-6)


def test_rare_kinds_count_less_the_higher_the_order():
    kinds = np.eye(5)[np.repeat(np.arange(5), [80, 10, 5, 3, 2])]
    scores = [vendi_score(kinds, order=order) for order in (0.1, 0.5, 1, 2, 10, np.inf)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] == pytest.approx(1 / 0.8)


@pytest.mark.parametrize("order", [0, -1, np.nan])
def test_an_order_is_above_0(order):
    with pytest.raises(ValueError, match="order"):
        vendi_score(np.eye(3), order=order)


@pytest.mark.parametrize("order", [0.5, 1, 2, np.inf])
def test_the_error_is_that_of_the_jackknife(order):
    given = np.random.default_rng(0).normal(2, 1, size=(300, 5))
    left_out = [vendi_score(np.delete(given, j, 0), order=order) for j in range(300)]
    assert vendi_error(given, order=order) == pytest.approx(jackknife_error(left_out), rel=0.03)


def test_one_sample_has_no_error_and_equal_ones_have_none_to_speak_of():
    with pytest.raises(ValueError, match="at least 2"):
        vendi_error(np.ones((1, 3)))
    assert vendi_error(np.ones((30, 3))) == pytest.approx(0, abs=1e-12)
