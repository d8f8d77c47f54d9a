"""A search as it is kept: every try in its place, read back as it was written."""

import pytest

from genharness.errors import RunError
from genharness.results.searches import KeptSearch, Try, load_search, save_search

ASKED = {"model": "vae", "axes": ["lr 0.1 to 1"]}
TRIES = (
    Try(number=0, options={"lr": 0.1, "norm": "batch"}, cell="a", state="done", score=1.5, seconds=2.0),
    Try(number=1, options={"lr": 0.2, "norm": None}, cell="b", state="pruned", over_training={"10": 3.0}),
)


def test_a_search_is_read_as_it_was_written(tmp_path):
    search = KeptSearch(asked=ASKED, tries=TRIES, best=(0,))
    save_search(tmp_path, search)
    assert load_search(tmp_path, KeptSearch(asked=ASKED)) == search


def test_another_space_is_another_search(tmp_path):
    save_search(tmp_path, KeptSearch(asked=ASKED, tries=TRIES))
    assert load_search(tmp_path, KeptSearch(asked={**ASKED, "axes": []})).tries == ()


def test_a_try_takes_the_place_of_the_one_of_its_number():
    search = KeptSearch(asked=ASKED).with_try(TRIES[0]).with_try(TRIES[1])
    assert search.tries == TRIES
    other = Try(number=0, options={}, cell="c")
    assert search.with_try(other).tries == (other, TRIES[1])


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"schema": 1, "tries": [{}]}',
        '{"schema": 9, "tries": []}',
        '{"schema": 1, "tries": [], "best": [0]}',
    ],
)
def test_what_is_damaged_is_not_begun_anew_in_silence(tmp_path, content):
    search = KeptSearch(asked=ASKED, tries=TRIES)
    save_search(tmp_path, search)
    (path,) = (tmp_path / "searches").iterdir()
    path.write_text(content)
    with pytest.raises(RunError, match="cannot be read"):
        load_search(tmp_path, search)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "searches").touch()
    with pytest.raises(RunError, match="cannot write the search"):
        save_search(tmp_path, KeptSearch(asked=ASKED))
