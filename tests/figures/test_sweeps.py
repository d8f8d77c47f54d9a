"""What a sweep shows, as plain data."""

import pytest

from board_records import record
from genharness.board.build import build
from genharness.figures.sweeps import sweeps
from genharness.plugin.registry import load_registry
from report_pages import swept


def found(records):
    return sweeps(build(records, load_registry()).groups[0])


@pytest.fixture(scope="module")
def study():
    return found(swept())


def test_models_of_several_settings_are_sweeps_those_of_most_rows_first(study):
    assert [(one.model, len(one.rows), one.settings) for one in study] == [
        ("vae", 9, ["lr", "latent"]),
        ("dcgan", 4, ["optimizer", "width"]),
    ]


def test_a_slice_has_every_row_at_its_value_and_their_geometric_mean(study):
    slices = {one.setting: one for one in study[0].slices}
    assert list(slices["latent"].values) == ["2", "8", "16"]
    scores = slices["latent"].scores[0]
    assert sorted(scores) == pytest.approx([2.6625, 3.5625, 12.5625])
    assert slices["latent"].means[0] == pytest.approx((2.6625 * 3.5625 * 12.5625) ** (1 / 3))


def test_a_map_is_of_places_that_are_filled_and_not_of_a_cross(study):
    shown = study[0].heat_map
    assert (shown.down[0], shown.across[0]) == ("lr", "latent")
    assert shown.means[1][0] == pytest.approx(3.5625)
    assert study[1].heat_map is None


def test_a_place_of_a_map_without_a_row_is_empty():
    rows = [record("vae", 1.0 + a + b, options={"a": a, "b": b}) for a in (1, 2, 3) for b in (1, 2) if a + b < 5]
    assert found(rows)[0].heat_map.means == [[3.0, 4.0], [4.0, 5.0], [5.0, None]]


def test_tables_are_there_where_they_can_be(study):
    grid, cross = study
    assert [row[0] for row in grid.importance.rows] == ["lr", "latent"]
    assert grid.ablation is None or "vae" in grid.ablation.title
    assert cross.importance is None
    assert len(cross.ablation.rows) == 3


def test_settings_of_very_many_values_are_not_drawn_and_scores_below_zero_have_plain_means():
    many = [record("vae", 1.0 + place, options={"lr": 1 + place / 100}) for place in range(20)]
    assert found(many)[0].slices == []
    below = [record("vae", value, options={"a": place % 2, "b": place}) for place, value in enumerate((-1.0, 2.0, 3.0))]
    assert found(below)[0].slices[0].means == [1.0, 2.0]


def test_rows_that_are_one_model_each_or_differ_in_their_length_alone_are_no_sweep():
    assert found([record("vae", 1.0), record("gan", 2.0)]) == []
    lengths = [record("vae", 1.0, length=f"{steps}steps") for steps in (1, 2, 3)]
    assert found(lengths) == []


def test_lists_stand_by_the_words_of_their_rows():
    points = [
        record("vae", 1.0 + lr, options={"lr": lr, "kinds": one}) for lr in (1, 2) for one in ([], ["colour", "cutout"])
    ]
    (sweep,) = found(points)
    assert sorted(next(one for one in sweep.slices if one.setting == "kinds").values) == ["colour,cutout", "none"]
