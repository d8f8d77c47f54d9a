"""Scores read against what real samples score."""

import pytest

from board_records import record
from genharness.board.bands import bands_of, read_against
from genharness.spec.columns import Column


def band(low, high, draws=40):
    return {"low": low, "high": high, "draws": draws, "count": 100}


@pytest.mark.parametrize(
    ("value", "higher", "reading"),
    [
        (0.5, True, "as real"),
        (0.4, True, "as real"),
        (0.6, False, "as real"),
        (0.7, True, "better than real"),
        (0.7, False, ""),
        (0.3, False, "better than real"),
        (0.3, True, ""),
        (0.5, None, "as real"),
        (0.7, None, ""),
        (0.3, None, ""),
        (None, True, ""),
    ],
)
def test_a_score_is_as_real_better_or_worse(value, higher, reading):
    assert read_against(band(0.4, 0.6), value, higher) == reading


def test_without_a_band_nothing_is_said():
    assert read_against(None, 0.5, True) == ""


def test_of_several_bands_the_one_of_the_most_draws_counts():
    records = [record("real", 1.0, seed=seed) for seed in range(3)]
    for one, draws in zip(records, (10, 40, 20), strict=True):
        one.bands = {"fid": band(0.0, draws, draws)}
    assert bands_of([*records, record("vae", 1.0)], {}) == {"fid": band(0.0, 40, 40)}


def test_bands_of_older_records_end_where_their_values_do():
    one = record("real", 1.0)
    one.bands = {"fid": band(-74.7, 166.4), "precision": band(0.9, 1.02), "kid": band(-3.4, -1.7)}
    columns = {
        "fid": Column(key="fid", title="FD", ratio=True),
        "precision": Column(key="precision", title="Precision", resolution="prdc_samples"),
        "kid": Column(key="kid", title="KD"),
    }
    assert bands_of([one], columns) == {
        "fid": band(0.0, 166.4),
        "precision": band(0.9, 1.0),
        "kid": band(-3.4, -1.7),
    }
