"""The sentence says what the table says, and no more."""

import pytest

from board_records import ALIKE, CLOSE, FAR, record, seeds
from genharness.board.build import build
from genharness.figures.verdict import verdict
from genharness.plugin.registry import load_registry

BAND = {"low": 0.5, "high": 1.5, "draws": 20, "count": 10}


def sentence(records):
    (group,) = build(records, load_registry()).groups
    return "".join(part.text for part in verdict(group))


def real(value=1.0, band=BAND):
    one = record("real", value)
    one.bands = {"fid": band} if band else {}
    return one


def test_one_best_says_by_how_much_and_how_it_stands_to_real_data():
    found = sentence([*seeds("vae", CLOSE), *seeds("dcgan", FAR), real()])
    assert found == (
        "vae is best on digits: FD 11.0 ± 0.8 over 5 seeds, 2.8 times lower than the next, dcgan. "
        "Real data scores 1.00: no model is as good as real. 5 seeds tell 1 of 1 pairs apart."
    )


def test_a_shared_first_place_names_both():
    found = sentence([*seeds("vae", CLOSE), *seeds("gan", ALIKE), *seeds("dcgan", FAR)])
    assert found.startswith("vae and gan share the first place on digits: FD 11.0 ± 0.8 and 11.0 ± 0.7.")
    assert found.endswith("5 seeds tell 2 of 3 pairs apart.")


def test_an_open_second_place_is_told():
    far = [value * 1.001 for value in FAR]
    found = sentence([*seeds("vae", CLOSE), *seeds("dcgan", FAR), *seeds("gan", far)])
    assert "Second place is open between dcgan and gan: 5 seeds tell 2 of 3 pairs apart." in found


def test_one_seed_establishes_no_order():
    found = sentence([record("vae", 6.15), record("dcgan", 18.72), real(0.427, None)])
    assert found == (
        "vae has the lowest FD on digits, 6.15 against 18.7 of dcgan and 0.427 of held-out real data. "
        "One seed each: no order here is established; run --seeds 5."
    )


def test_a_model_within_the_band_is_as_good_as_real():
    found = sentence([*seeds("vae", [1.0, 1.1, 0.9]), *seeds("dcgan", FAR), real()])
    assert "Real data scores 1.00: vae is as good as real by FD." in found


@pytest.mark.parametrize(
    ("records", "found"),
    [
        ([record("vae", None, status="failed", reason="x")], "Nothing finished on digits: 1 cell failed."),
        ([record("real", 1.0)], "Only reference rows were measured, so nothing is ranked."),
        ([record("vae", None)], "No column that was measured has a better end, so nothing is ranked."),
        ([record("vae", 3.0)], "vae scores FD 3.00 on digits over 1 seed."),
    ],
)
def test_what_cannot_be_ranked_is_not(records, found):
    if "No column" in found:
        records[0].measurements = {}
    assert sentence(records) == found


def test_labels_that_only_the_best_was_given_are_told():
    told = seeds("acgan", CLOSE)
    for one in told:
        one.scores["class_accuracy"] = 0.9
    assert "acgan is trained with the labels; 1 others are not." in sentence([*told, *seeds("vae", FAR)])


def test_the_parts_keep_names_apart_from_words():
    (group,) = build([*seeds("vae", CLOSE), *seeds("dcgan", FAR)], load_registry()).groups
    assert [part.text for part in verdict(group) if part.style == "name"] == ["vae"]
