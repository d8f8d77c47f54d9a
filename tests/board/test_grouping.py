"""Which records stand together in a table."""

import dataclasses

import pytest

from board_records import record
from genharness.board.grouping import by_protocol, one_a_seed, outstanding, row_members
from genharness.plugin.registry import load_registry
from genharness.results.members import Members, RecordTable
from genharness.results.provenance import Provenance


def failed(model="vae", seed=0, **options):
    return dataclasses.replace(record(model, 1.0, seed=seed, **options), status="failed", scores={}, reason="broke")


def scored_by(one, samples):
    """Return a record of a cell that was planned with so many samples."""
    protocol = dataclasses.replace(one.cell.protocol, sample_count=samples)
    return dataclasses.replace(one, cell=dataclasses.replace(one.cell, protocol=protocol))


def test_a_failure_belongs_to_what_was_planned_alike():
    few, many = scored_by(record("vae", 1.0), 10), scored_by(record("vae", 2.0), 99)
    groups = [RecordTable.of([few]).pieces, RecordTable.of([many]).pieces]
    lost = scored_by(failed(seed=1), 99)
    assert by_protocol([lost], groups) == ([[], [lost]], [])


def test_a_failure_that_nothing_was_planned_like_belongs_to_none():
    lost = scored_by(failed(seed=1), 7)
    assert by_protocol([lost], [RecordTable.of([record("vae", 1.0)]).pieces]) == ([[]], [lost])


def test_of_groups_that_were_planned_alike_it_is_the_one_with_other_seeds_of_the_row():
    groups = [RecordTable.of([record("gan", 1.0)]).pieces, RecordTable.of([record("vae", 1.0)]).pieces]
    lost = failed(seed=1)
    assert by_protocol([lost], groups) == ([[], [lost]], [])


def test_without_failures_nothing_is_looked_at():
    assert by_protocol([], [[], []]) == ([[], []], [])


@pytest.mark.parametrize(
    ("failure", "stays"),
    [
        ({"seed": 0, "finished_at": "2026-01-01T00:00:00+00:00"}, False),  # mended since
        ({"seed": 0, "finished_at": "2026-03-01T00:00:00+00:00"}, True),  # broken since
        ({"seed": 1, "finished_at": "2026-01-01T00:00:00+00:00"}, True),  # another seed
        ({"seed": 0, "finished_at": "2026-01-01T00:00:00+00:00", "options": {"lr": 0.5}}, True),  # another row
    ],
)
def test_a_failure_that_was_made_good_later_counts_no_more(failure, stays, provenance):
    good = dataclasses.replace(record("vae", 1.0), finished_at="2026-02-01T00:00:00+00:00")
    at = failure.pop("finished_at")
    lost = dataclasses.replace(failed(**failure), finished_at=at)
    assert outstanding([lost], RecordTable.of([good]).pieces, provenance) == ([lost] if stays else [])


class InstalledIs:
    """Says that one result alone is of the code that is installed."""

    def __init__(self, one):
        self._one = one

    def of_training(self, record):
        return [] if record is self._one else ["code of vae changed"]


@pytest.mark.parametrize("hours", [-5, 5])
def test_whether_a_failure_was_made_good_hangs_on_the_code_before_it_does_on_two_machines_clocks(hours):
    good = dataclasses.replace(record("vae", 1.0), finished_at="2026-02-01T12:00:00+00:00")
    lost = dataclasses.replace(failed(seed=0), finished_at=f"2026-02-01T{12 + hours:02}:00:00+00:00")
    pieces = RecordTable.of([good]).pieces
    assert outstanding([lost], pieces, InstalledIs(pieces[0][0])) == []
    assert outstanding([lost], pieces, InstalledIs(lost)) == [lost]


@pytest.fixture
def provenance():
    return Provenance(load_registry())


def test_of_two_results_of_a_seed_the_later_one_stands(provenance):
    old = dataclasses.replace(record("vae", 9.0), finished_at="2026-01-01T00:00:00+00:00")
    new = dataclasses.replace(record("vae", 3.0), finished_at="2026-06-01T00:00:00+00:00")
    other = record("vae", 5.0, seed=1)
    kept = [one for piece in one_a_seed(RecordTable.of([new, old, other]).pieces, provenance) for one in piece]
    assert [one.scores["fid"] for one in kept] == [3.0, 5.0]


def test_different_seeds_and_settings_all_stand(provenance):
    several = [record("vae", 1.0, seed=seed, options={"lr": lr}) for seed in (0, 1) for lr in (0.1, 0.2)]
    kept = [one for piece in one_a_seed(RecordTable.of(several).pieces, provenance) for one in piece]
    assert kept == several


@pytest.mark.parametrize("seeds", [[0, 1, 2], [2, 0, 1]])
def test_a_row_has_its_records_in_the_order_of_their_seeds(seeds):
    piece = Members([record("vae", 1.0 + seed, seed=seed) for seed in seeds])
    assert row_members([piece]).seeds == [0, 1, 2]
    assert row_members(list(piece.apart())).seeds == [0, 1, 2]
