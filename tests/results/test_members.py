"""Records that stand together: the same by themselves, one by one and through an index."""

import pytest

from board_records import record
from genharness.results.members import Alike, Members, RecordTable, members_of
from genharness.results.store import Store


@pytest.fixture
def made():
    scores = [{"kid": 0.5}, {}, {"kid": None}, {"kid": 0.25, "coverage": 0.5}]
    return [record("vae", 10.0 + seed, seed=seed, scores=scores[seed]) for seed in range(4)]


@pytest.fixture
def alike(tmp_path):
    """Return many records that differ in seed and numbers, as the index gives them."""
    store = Store(tmp_path)
    store.open_for_writing()
    for seed in range(300):
        store.save(record("vae", 10.0 + seed, seed=seed, scores={"kid": seed / 8}))
    Store(tmp_path).table()  # makes the index
    return Store(tmp_path).table()


def test_columns_are_the_numbers_of_each_record_in_turn(made):
    members = members_of(made)
    assert members.seeds == [0, 1, 2, 3]
    assert members.ids == [one.cell.id for one in made]
    assert list(members.column("scores", "kid")) == [0.5, None, None, 0.25]
    assert list(members.numbers("fid")) == [10.0, 11.0, 12.0, 13.0]
    assert {"fid", "kid", "coverage"} <= set(members.keys("scores"))
    assert members_of(members) is members


def test_records_of_an_index_are_those_of_the_files(alike, tmp_path):
    (piece,) = alike.pieces
    assert isinstance(piece, Alike)
    plain = Members(sorted(Store(tmp_path).records(history=False), key=lambda one: one.cell.seed))
    assert sorted(piece.seeds) == plain.seeds
    order = sorted(range(len(piece)), key=lambda place: piece.seeds[place])
    for key in ("fid", "kid", "train_seconds", "nothing"):
        column = piece.numbers(key)
        assert [column[place] for place in order] == list(plain.numbers(key))
    assert [piece[place] for place in order] == list(plain)
    assert piece[-1] == piece[len(piece) - 1]
    assert piece[1:3] == [piece[1], piece[2]]


def test_a_record_out_of_reach_is_told_as_of_any_sequence(alike):
    (piece,) = alike.pieces
    with pytest.raises(IndexError):
        piece[len(piece)]


def test_members_are_shown_as_their_records(made):
    assert repr(Members(made)) == repr(made)


def test_a_table_has_its_records_in_their_order_however_they_stand_together(made):
    table = RecordTable([Members([made[1], made[3]], [1, 3]), Members([made[0], made[2]], [0, 2])])
    assert list(table) == made
    assert len(table) == 4
    assert list(RecordTable.of(made)) == made
    assert RecordTable.of(table) is table
    assert [one[0] for one in Members(made).apart()] == made


def test_what_is_wanted_is_asked_of_each_piece_once(made):
    asked = []
    table = RecordTable([Members(made[:2], [0, 1]), Members(made[2:], [2, 3])])
    kept = table.only(lambda one: asked.append(one) or one.cell.seed == 2)
    assert [one.cell.seed for one in asked] == [0, 2]
    assert list(kept) == made[2:]
