"""A board is the same, bit for bit, of records one by one and of those that the index holds column by column."""

from itertools import combinations

import pytest

from genharness.board import contest
from genharness.board.build import build
from genharness.board.choosing import choose_records, parse_condition
from genharness.board.compare import compare_rows
from genharness.board.render import RenderOptions
from genharness.errors import ConfigError
from genharness.plugin.registry import load_factory, load_registry
from genharness.results import index
from genharness.results.kept_intervals import KeptIntervals
from genharness.results.members import Alike, RecordTable
from genharness.results.store import Store
from genharness.stats import intervals
from odd_records import odd_records

LOOKS = [
    {},
    {"interval": True},
    {"seeds": "each"},
    {"sort": "kid", "datasets": ["digits"]},
    {"columns": ["lr", "fid", "coverage"]},
]


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("odd"))
    store.open_for_writing()
    for one in odd_records(1200).values():
        store.save(one)
        if one.finished and one.cell.seed == 3:  # a copy under another name: the same seed twice
            path = store.record_path(one.cell.id)
            path.with_name(f"{path.stem}-copy.json").write_bytes(path.read_bytes())
    return store.folder


@pytest.fixture(autouse=True)
def _settled(monkeypatch):
    monkeypatch.setattr(index, "_FINE_SECONDS", -1.0)
    monkeypatch.setattr(index, "_COARSE_SECONDS", -1.0)


@pytest.fixture
def tables(folder):
    """Tables of records one by one, as the index is made, and as it is read."""
    plain = RecordTable.of(Store(folder).records())
    return plain, Store(folder).table(), Store(folder).table()


def shown(board, registry):
    options = RenderOptions(wide=True)
    return [load_factory(registry.reporters[form])(board, options) for form in ("json", "csv", "table", "md", "latex")]


def test_records_stand_together_and_come_in_the_order_of_their_names(tables):
    plain, made, read = tables
    assert [one.cell.id for one in plain] == [one.cell.id for one in made] == [one.cell.id for one in read]
    assert any(isinstance(piece, Alike) and len(piece) > 1 for piece in read.pieces)
    assert len(read.pieces) < len(read) == len(plain)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_look_is_the_same(tables, registry, look):
    plain, made, read = (shown(build(table, registry, **look), registry) for table in tables)
    assert plain == made == read


@pytest.mark.parametrize(("models", "where"), [(["vae"], ()), (["gan", "d*"], ["lr<0.5"]), ((), ["budget=smoke"])])
def test_chosen_rows_are_the_same(tables, registry, models, where):
    conditions = tuple(map(parse_condition, where))
    plain, made, read = (
        shown(build(choose_records(table, registry, models, conditions), registry), registry) for table in tables
    )
    assert plain == made == read


def test_kept_intervals_are_those_that_are_computed_anew_whatever_else_was_asked_for(
    tables, registry, folder, monkeypatch
):
    monkeypatch.setattr(intervals, "LEAST_FOR_BOOTSTRAP", 3)
    kept = KeptIntervals(folder)
    build(choose_records(tables[2], registry, ["vae"]), registry, interval=True, columns=["fid"], known=kept.known)
    build(tables[2], registry, interval=True, known=kept.known)
    assert kept.known
    with_kept = build(tables[2], registry, interval=True, known=kept.known)
    assert shown(with_kept, registry) == shown(build(tables[0], registry, interval=True), registry)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_kept_standings_are_those_that_are_computed_anew_whatever_else_was_asked_for(
    tables, registry, look, monkeypatch
):
    kept = {}
    build(choose_records(tables[2], registry, ["vae"]), registry, standings=kept)
    build(tables[2], registry, standings=kept, **look)
    expected = shown(build(tables[0], registry, **look), registry)
    monkeypatch.setattr(contest, "Family", lambda _: pytest.fail("computed"))
    assert shown(build(tables[2], registry, standings=kept, **look), registry) == expected


def test_comparisons_are_the_same_with_and_without_an_index(folder, registry, monkeypatch):
    groups = build(Store(folder).table(), registry, numbers=False).groups
    labels = [row.label for row in max(groups, key=lambda group: len(group.rows)).rows if "=" in row.label]
    compared = 0
    for pair in list(combinations(labels, 2))[:4]:
        found = []
        for least in (200, 10**9):
            monkeypatch.setattr(index, "_WORTHWHILE", least)
            try:
                found.append(compare_rows(Store(folder), registry, pair))
            except ConfigError as error:
                found.append(str(error))
        assert found[0] == found[1]
        compared += not isinstance(found[0], str)
    assert compared
