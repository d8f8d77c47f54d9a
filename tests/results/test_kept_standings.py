"""Standings are kept by what they hang on, and computed where anything is in doubt."""

import pytest

from genharness.files.home import home
from genharness.results import kept_file, kept_standings
from genharness.results.kept_standings import kept_standings as kept


def plain(rows):
    """Return standings of so many rows by one column, as a contest gives them."""
    labels = [f"row {place}" for place in range(rows)]
    return [rows, False, [[labels, [3] * rows, [1] * rows, [rows] * rows]]]


def written(folder, **by_key):
    with kept(folder) as known:
        known.update(by_key)


def read(folder):
    with kept(folder) as known:
        return dict(known)


def only_file():
    (path,) = (home() / kept_file.FOLDER).glob("*.standings")
    return path


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    monkeypatch.setattr(kept_standings, "_WORTHWHILE", 5)


def test_they_come_back_and_others_are_added(tmp_path):
    written(tmp_path, one=plain(5))
    written(tmp_path, other=plain(6))
    assert read(tmp_path) == {"one": plain(5), "other": plain(6)}
    assert read(tmp_path / "elsewhere") == {}


@pytest.mark.parametrize(
    "damage",
    [lambda _: b"", lambda old: old[:-9], lambda old: old[:-1] + b"x", lambda old: b"zz" + old, lambda _: b"\0"],
)
def test_a_damaged_file_is_made_anew(tmp_path, damage):
    written(tmp_path, one=plain(5))
    only_file().write_bytes(damage(only_file().read_bytes()))
    assert read(tmp_path) == {}
    written(tmp_path, one=plain(5))
    assert read(tmp_path) == {"one": plain(5)}


def test_few_new_ones_are_not_written(tmp_path):
    written(tmp_path, one=plain(4))
    assert read(tmp_path) == {}


def test_of_very_many_the_latest_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_standings, "_MOST", 12)
    written(tmp_path, one=plain(5), two=plain(6), three=plain(6))
    assert read(tmp_path) == {"two": plain(6), "three": plain(6)}


def test_a_full_disk_costs_no_table(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_file, "write_bytes", full)
    written(tmp_path, one=plain(5))
    assert read(tmp_path) == {}
