"""Columns of tables are compared by their names, whatever order they stand in."""

import numpy as np
import pandas as pd
import pytest

from genharness import DataError, evaluate
from genharness.external.columns import alike, in_order_of
from genharness.images.sample_file import SampleFile

ROWS = np.random.default_rng(0).normal((40, 170), (10, 8), (60, 2))


def rows(*names, where="fake.csv"):
    return SampleFile(where, np.arange(2.0 * len(names)).reshape(2, -1), column_names=names)


def test_other_orders_are_brought_together_with_a_note():
    found = in_order_of(rows("b", "c", "a"), ("a", "b", "c"), "real.csv")
    assert found.samples[0].tolist() == [2, 0, 1]
    assert found.column_names == ("a", "b", "c")
    assert found.notes == ("columns stand in another order than in real.csv, and are compared by their names",)


@pytest.mark.parametrize(
    ("own", "names"),
    [
        (("a", "b"), ("a", "b")),
        (("Mean radius", "area"), ("mean_radius", "Area")),
        (("a", "b"), ()),
        ((), ("a", "b")),
        (("a",), ("a", "b")),
    ],
)
def test_what_agrees_or_says_nothing_stays(own, names):
    found = rows(*own)
    assert in_order_of(found, names, "real.csv") is found


def test_names_that_differ_by_signs_alone_are_told_apart():
    assert in_order_of(rows("x-", "x+"), ("x+", "x-"), "real.csv").samples[0].tolist() == [1, 0]


def test_other_columns_are_refused_by_name():
    expected = r"^fake.csv has columns c, d, e and 1 more where real.csv has g, h, i and 1 more: give the same columns"
    with pytest.raises(DataError, match=expected):
        in_order_of(rows("a", *"cdef"), ("a", *"ghij"), "real.csv")


@pytest.mark.parametrize("counted", [("0", "1"), ("x1", "x2"), ("feature_0", "feature_1"), ("col 01", "col 02")])
def test_names_that_only_count_are_compared_by_place_with_a_note(counted):
    for own, names in ((counted, ("a", "b")), (("a", "b"), counted)):
        found = in_order_of(rows(*own), names, "real.csv")
        assert found.samples[0].tolist() == [0, 1]
        assert "compared by their places" in found.notes[0]


def test_numbers_out_of_order_are_names():
    assert in_order_of(rows("x2", "x1"), ("x1", "x2"), "real.csv").samples[0].tolist() == [1, 0]
    with pytest.raises(DataError, match=r"has columns x2, x1 where real\.csv has a, b"):
        in_order_of(rows("x2", "x1"), ("a", "b"), "real.csv")


def test_sets_beside_what_has_no_names_have_the_order_of_the_first():
    first, second, third = alike([rows(where="a.npy"), rows("a", "b", where="b.csv"), rows("b", "a", where="c.csv")])
    assert (first.column_names, second.notes) == ((), ())
    assert third.samples[0].tolist() == [1, 0]
    assert "than in b.csv" in third.notes[0]


def score(fake, **where):
    return evaluate(fake, metrics="fid", features="identity", **where)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_swapped_columns_score_as_the_same(tmp_path, form):
    real = pd.DataFrame(ROWS, columns=["age", "height"])
    real.to_csv(tmp_path / "real.csv", index=False)
    swapped = real[["height", "age"]]
    swapped.to_csv(tmp_path / "fake.csv", index=False)
    swapped.to_parquet(tmp_path / "fake.parquet")
    found = score(tmp_path / f"fake.{form}", reference=tmp_path / "real.csv")
    assert found["fid"] == pytest.approx(0, abs=1e-9)
    assert any("another order" in note for note in found.notes)
    dataset, own = f"csv:{tmp_path}/real.csv", score(real.to_numpy(), reference=tmp_path / "real.csv")
    assert own.notes == ()
    by_name = score(tmp_path / f"fake.{form}", dataset=dataset, units="raw")
    assert by_name["fid"] == score(tmp_path / "real.csv", dataset=dataset, units="raw")["fid"]


def test_data_frames_have_names_too(tmp_path):
    real = pd.DataFrame(ROWS, columns=["age", "height"])
    assert score(real[["height", "age"]], reference=real)["fid"] == pytest.approx(0, abs=1e-9)
    with pytest.raises(DataError, match="samples has columns weight where file:reference has height"):
        score(real.rename(columns={"height": "weight"}), reference=real)


def test_a_column_of_labels_is_named_behind_the_file(tmp_path):
    pd.DataFrame({"a": ROWS[:, 0], "group": [0, 1] * 30}).to_csv(tmp_path / "real.csv", index=False)
    pd.DataFrame({"a": ROWS[:, 0], "group": [1, 0] * 30}).to_csv(tmp_path / "fake.csv", index=False)
    fake, real = f"{tmp_path}/fake.csv", f"{tmp_path}/real.csv"
    assert score(f"{fake}#label=group", reference=f"{real}#label=group")["fid"] == pytest.approx(0, abs=1e-9)
    with pytest.raises(DataError, match="has no column nope: it has a, group"):
        score(f"{fake}#label=nope", reference=real)
