"""Rankings by two extractors, held against each other."""

import pytest

from board_records import record
from genharness.board.build import build
from genharness.plugin.registry import load_registry

MODELS = ("vae", "dcgan", "gan", "wgan")


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def notes(registry, first, second, **second_options):
    options = {"extractor": "inception", **second_options}
    records = [record(model, value) for model, value in zip(MODELS, first, strict=False)]
    records += [record(model, value, **options) for model, value in zip(MODELS, second, strict=False)]
    groups = build(records, registry).groups
    return [note for group in groups for note in group.notes if "the ranking over" in note]


def test_two_extractors_that_rank_alike_agree(registry):
    found = notes(registry, (1, 2, 3, 4), (10, 20, 30, 40))
    assert len(found) == 2
    assert any("the ranking over inception (protocol " in note for note in found)
    assert all(note.endswith("agrees: Kendall's tau 1.00 over 4 rows") for note in found)


def test_pairs_that_are_the_other_way_round_are_named(registry):
    found = notes(registry, (1, 2, 3, 4), (20, 10, 30, 40))
    assert all("disagrees: Kendall's tau 0.67 over 4 rows; the other way round: " in note for note in found)
    assert all({"vae", "dcgan"} <= set(note.split()) for note in found)


def test_two_rows_are_no_ranking(registry):
    assert notes(registry, (1, 2), (2, 1)) == []


@pytest.mark.parametrize("other", [{"dataset": "mnist"}, {"extractor": "classifier"}])
def test_other_datasets_and_the_same_extractor_are_not_compared(registry, other):
    assert notes(registry, (1, 2, 3, 4), (10, 20, 30, 40), **other) == []


def test_a_row_that_is_another_configuration_is_another_row(registry):
    assert notes(registry, (1, 2, 3, 4), (10, 20, 30, 40), batch_size=8) == []
