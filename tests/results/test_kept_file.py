"""Files that only save time."""

import pytest

from genharness.results.kept_file import read_kept, write_kept


def test_what_was_written_is_read(tmp_path):
    write_kept(tmp_path / "kept", b"a\nb\0c", "a table")
    assert read_kept(tmp_path / "kept") == b"a\nb\0c"


@pytest.mark.parametrize(
    "damage",
    [
        lambda old: b"",
        lambda old: old[:-1],
        lambda old: old + b"x",
        lambda old: old.replace(b"a\n", b"A\n"),
        lambda old: b"no number of eight digits" + old,
    ],
)
def test_damage_is_told(tmp_path, damage):
    path = tmp_path / "kept"
    write_kept(path, b"a\nb\0c", "a table")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"damaged|invalid literal"):
        read_kept(path)


def test_where_nothing_can_be_written_it_costs_time_and_no_table(tmp_path):
    (tmp_path / "file").write_text("no folder")
    write_kept(tmp_path / "file" / "kept", b"a", "a table")
    with pytest.raises(OSError, match="Not a directory"):
        read_kept(tmp_path / "file" / "kept")


def test_names_of_others_stay_in_one_line(tmp_path):
    write_kept(tmp_path / "kept", b"a", "two\nlines\x1b[2J")
    assert (tmp_path / "kept").read_bytes().count(b"\n") == 1
    assert read_kept(tmp_path / "kept") == b"a"
