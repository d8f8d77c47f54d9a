"""The files of one cell."""

from pathlib import Path

import pytest

from genharness.results.cell_folder import CellFolder

FOLDER = CellFolder(Path("results/cells/vae-1"))


def test_every_file_lies_in_the_folder_under_a_name_of_its_own():
    paths = [FOLDER.samples, FOLDER.features, FOLDER.traceback]
    paths += [FOLDER.picture("grid"), FOLDER.picture("strip")]
    assert {path.parent for path in paths} == {FOLDER.path}
    assert len(set(paths)) == len(paths)


def test_its_lock_lies_beside_it_and_outlives_it():
    assert FOLDER.lock == Path("results/cells/.vae-1.lock")


@pytest.mark.parametrize(
    ("keep", "stays", "goes"),
    [
        ("checkpoints", {"samples", "features"}, set()),
        ("samples", {"samples", "features"}, set()),
        ("nothing", set(), {"samples", "features"}),
    ],
)
def test_what_is_not_kept_is_unwanted(keep, stays, goes):
    unwanted = set(FOLDER.unwanted(keep))
    assert unwanted == {getattr(FOLDER, name) for name in goes}
    assert unwanted.isdisjoint(getattr(FOLDER, name) for name in stays)


def test_nothing_ever_throws_the_traceback_away():
    assert FOLDER.traceback not in FOLDER.unwanted("nothing")
