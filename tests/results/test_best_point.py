"""Which point of training was the best."""

import pytest

from genharness.results.best_point import best_point
from genharness.spec.columns import Column
from genharness.spec.plugins import MetricSpec

FID = MetricSpec(
    name="fid",
    summary="x",
    factory="x:y",
    place=1,
    periodic=True,
    columns=(Column(key="fid", title="FID", higher_is_better=False),),
)
COVER = MetricSpec(
    name="prdc",
    summary="x",
    factory="x:y",
    place=2,
    periodic=True,
    columns=(
        Column(key="count", title="Count", higher_is_better=None),
        Column(key="coverage", title="Coverage", higher_is_better=True),
    ),
)


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ({"fid": [5.0, 2.0, 3.0], "coverage": [0.1, 0.2, 0.9]}, ("fid", 20, 2.0)),
        ({"fid": [2.0, 2.0, 3.0]}, ("fid", 10, 2.0)),
        ({"fid": [None, 4.0, float("nan")]}, ("fid", 20, 4.0)),
        ({"fid": [None, None, None], "count": [1, 2, 3], "coverage": [0.1, 0.9, 0.2]}, ("coverage", 20, 0.9)),
    ],
)
def test_the_first_column_with_a_better_end_decides_and_of_equals_the_first(scores, best):
    found = best_point({"step": [10, 20, 30], **scores}, [COVER, FID])
    assert (found.column, found.step, found.value) == best


@pytest.mark.parametrize("scores", [{}, {"fid": [None]}, {"count": [3]}])
def test_nothing_finite_has_no_best(scores):
    assert best_point({"step": [10], **scores}, [FID, COVER]) is None
