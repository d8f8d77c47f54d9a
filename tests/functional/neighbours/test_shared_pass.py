"""The one pass beside whole tables of distances."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from dense_pass import HARD, dense_pass, hard_sets
from feature_sets import gaussians
from genharness.functional.neighbours.shared_pass import as_arrays, from_arrays, neighbour_pass, own_set

K = 4


@pytest.fixture(params=HARD, ids=lambda make: make.__name__, scope="module")
def make(request):
    return request.param


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"], scope="module")
def sets(request, make):
    return hard_sets(make, 230, 190, request.param)


@pytest.fixture(params=[True, False], ids=["open", "closed"], scope="module")
def strict(request):
    return request.param


@pytest.fixture(scope="module")
def found(sets, strict):
    return neighbour_pass(*sets, K, strict=strict)


@pytest.fixture(scope="module")
def dense(sets, strict):
    return dense_pass(*sets, K, strict)


def rows(side, name):
    return getattr(side.own if hasattr(side.own, name) else side, name)[side.own.place]


def test_radii_are_those_of_all_distances(found, dense):
    for name in ("real", "fake"):
        side = getattr(found, name)
        np.testing.assert_allclose(rows(side, "radius"), dense.radius[name], rtol=1e-12)
        np.testing.assert_allclose(rows(side, "next_radius"), dense.next_radius[name], rtol=1e-12)
    np.testing.assert_allclose(rows(found.real, "gap"), dense.ranked["real"][:, 0], rtol=1e-12)
    np.testing.assert_allclose(rows(found.real, "realism_radius"), dense.ranked["real"][:, 2], rtol=1e-12)


def test_counts_are_those_of_every_distance_computed_in_float64(found, dense):
    tables = {
        "real": (dense.in_real, dense.in_real_next, dense.in_fake),
        "fake": (dense.in_fake, dense.in_fake_next, dense.in_real),
    }
    for name, (in_own, in_next, in_other) in tables.items():
        side = getattr(found, name)
        assert (rows(side, "holds") == in_own.sum(1)).all()
        assert (rows(side, "holds_next") == in_next.sum(1)).all()
        assert (rows(side, "held_by") == in_other.sum(0)).all()
    assert (rows(found.fake, "held_by_clipped") == dense.in_clipped_real.sum(0)).all()


def pairs_of(found, first, second, own_first, own_second):
    """Return pairs of distinct rows as pairs of first occurrences, which both sides know."""
    firsts = [np.unique(own.place, return_index=True)[1] for own in (own_first, own_second)]
    return Counter(zip(firsts[0][first].tolist(), firsts[1][second].tolist(), strict=True))


def distinct(table, own_first, own_second):
    """Return a table of rows as pairs of first occurrences."""
    firsts = [np.unique(own.place, return_index=True)[1] for own in (own_first, own_second)]
    at = table[np.ix_(*firsts)].nonzero()
    return Counter(zip(firsts[0][at[0]].tolist(), firsts[1][at[1]].tolist(), strict=True))


def test_members_are_the_distinct_rows_within_the_radius(found, dense):
    for name in ("real", "fake"):
        own = getattr(found, name).own
        expected = dense.own[name] <= dense.radius[name][:, None]
        assert pairs_of(found, own.row, own.member, own, own) == distinct(expected, own, own)
    real = found.real.own
    clipped = dense.own["real"] <= dense.clipped["real"][:, None]
    within = real.within_clipped
    assert pairs_of(found, real.row[within], real.member[within], real, real) == distinct(clipped, real, real)


def test_shells_hold_the_points_that_one_ball_holds_at_most(found, dense):
    real, fake = found.real, found.fake
    shell = (dense.in_real_next & ~dense.in_real) & (dense.in_real.sum(0) <= 1)
    assert pairs_of(found, real.shell_ball, real.shell_point, real.own, fake.own) == distinct(shell, real.own, fake.own)
    shell = (dense.in_fake_next & ~dense.in_fake) & (dense.in_fake.sum(0) <= 1)
    assert pairs_of(found, fake.shell_ball, fake.shell_point, fake.own, real.own) == distinct(shell, fake.own, real.own)


def test_balls_that_hold_few_list_them(found, dense):
    real, fake = found.real, found.fake
    few = dense.in_real & (dense.in_real.sum(1) <= K)[:, None]
    assert pairs_of(found, real.few_ball, real.few_point, real.own, fake.own) == distinct(few, real.own, fake.own)


def test_the_owner_is_the_one_ball_that_holds_a_row(found, dense):
    for side, other, table in ((found.real, found.fake, dense.in_fake), (found.fake, found.real, dense.in_real)):
        alone = table.sum(0) == 1
        owner = rows(side, "owner")[alone]
        assert (owner == other.own.place[table[:, alone].argmax(0)]).all()


def test_the_nearest_real_is_the_first_of_those_at_the_least_distance(found, dense):
    np.testing.assert_allclose(found.nearest[found.fake.own.place], dense.between.min(0), rtol=1e-12)
    nearest = found.nearest_real[found.fake.own.place]
    assert (nearest == found.real.own.place[dense.between.argmin(0)]).all()


def test_realism_is_the_largest_ratio_of_a_kept_radius_to_its_distance(found, dense):
    radius = dense.ranked["real"][:, 2]
    kept = radius <= np.median(radius)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(dense.between[kept] == 0, np.inf, radius[kept][:, None] / dense.between[kept])
    np.testing.assert_allclose(found.realism[found.fake.own.place], ratios.max(0), rtol=1e-12)


def top(counts, place):
    first = np.unique(place, return_index=True)[1][place]  # copies stand together, at the first one's place
    order = np.lexsort((first, -counts))[: -(-len(counts) // 100)]
    chosen = np.zeros(len(counts), bool)
    chosen[order] = True
    return chosen


def test_the_top_hundredth_is_counted_apart(found, dense):
    in_real, in_fake = dense.in_real, dense.in_fake
    real, fake = found.real.own.place, found.fake.own.place
    cases = (
        (found.real, in_real[:, top(in_real.sum(0), fake)].sum(1), in_fake[top(in_fake.sum(1), fake)].sum(0)),
        (found.fake, in_fake[:, top(in_fake.sum(0), real)].sum(1), in_real[top(in_real.sum(1), real)].sum(0)),
    )
    for side, holds, held in cases:
        assert (rows(side, "holds_top") == holds).all()
        assert (rows(side, "held_by_top") == held).all()


def same(first, second):
    others = as_arrays(second)
    pairs = [(array, others[name]) for name, array in as_arrays(first).items()]
    return all(np.array_equal(array, other, equal_nan=array.dtype.kind == "f") for array, other in pairs)


def test_known_neighbours_of_the_reals_change_nothing():
    real, fake = gaussians(200, 150, 8)
    assert same(neighbour_pass(real, fake), neighbour_pass(real, fake, own_real=own_set(real, 5)))


def test_a_pass_can_be_kept_as_arrays():
    found = neighbour_pass(*gaussians(200, 150, 8), 3, strict=False)
    assert same(found, from_arrays(as_arrays(found), 3, strict=False))


def test_answers_do_not_depend_on_the_size_of_tiles_or_of_what_waits(monkeypatch):
    real, fake = gaussians(600, 500, 20)
    whole = neighbour_pass(real, fake)
    for module in ("search", "crossing"):
        monkeypatch.setattr(f"genharness.functional.exact.{module}.tile_side", lambda n, d, device: 64)
    monkeypatch.setattr("genharness.functional.exact.crossing._WAITING", 50)
    parts = neighbour_pass(real, fake)
    for name, array in as_arrays(whole).items():
        if name.endswith(("ball", "point")):
            continue
        np.testing.assert_array_equal(array, as_arrays(parts)[name], err_msg=name)


@pytest.mark.parametrize(
    ("real", "fake", "k", "message"),
    [
        (np.zeros((5, 2)), np.zeros((9, 2)), 5, "k = 5 neighbours need more than 5 rows in real, which has 5"),
        (np.zeros((9, 2)), np.zeros((1, 2)), 5, "k = 5 .* fake, which has 1"),
        (np.zeros((9, 2)), np.zeros((9, 3)), 5, "fake has 3 columns where real has 2"),
        (np.zeros((9, 2)), np.full((9, 2), np.nan), 5, r"fake holds nan at \[0, 0\]"),
        (np.zeros((9, 2)), np.zeros((9, 2)), 0, "k must be at least 1, not 0"),
    ],
)
def test_bad_arguments_are_named_with_their_value(real, fake, k, message):
    with pytest.raises(ValueError, match=message):
        neighbour_pass(real, fake, k)


@pytest.mark.gpu
def test_cuda_gives_the_same_answer(make):
    import torch

    real, fake = (torch.from_numpy(rows) for rows in hard_sets(make, 3000, 2500))
    on_device = as_arrays(neighbour_pass(real.cuda(), fake.cuda()))
    for name, array in as_arrays(neighbour_pass(real, fake)).items():
        np.testing.assert_array_equal(
            np.sort(array.astype(float)), np.sort(on_device[name].astype(float)), err_msg=name
        )
