"""Films: every moment once, in order."""

import numpy as np
import pytest
from PIL import Image

from board_records import record
from genharness.errors import ConfigError
from genharness.figures.kept import KeptCell
from genharness.images.grid import save_grid
from genharness.plot.animation import film, save_film
from genharness.results.cell_folder import CellFolder


@pytest.fixture
def kept(tmp_path):
    images = np.stack([np.full((1, 8, 8), 3 * place, np.uint8) for place in range(72)])
    save_grid(tmp_path / "strip.png", images, 8)
    save_grid(tmp_path / "interpolation.png", images[:60], 10)
    return KeptCell(CellFolder(tmp_path), record("vae", 1.0))


def test_training_has_a_picture_for_every_moment(kept):
    moments = film(kept, "training")
    assert [int(one[20, 20, 0]) for one in moments] == [24 * place for place in range(9)]


def test_a_film_of_training_is_full_and_says_its_steps(tmp_path, kept):
    one = record("vae", 1.0)
    one.measurements["train_steps"] = 800.0
    bare, named = film(kept, "training"), film(KeptCell(CellFolder(tmp_path), one), "training")
    high, wide, _ = bare[0].shape
    assert (high < wide, wide >= 256) == (True, True)  # two lines of four
    assert all(np.array_equal(a, b[:high]) for a, b in zip(bare, named, strict=True))
    words = [one[high:] for one in named]
    assert all((one < 100).any() for one in words)
    assert len({one.tobytes() for one in words}) == len(words)


def test_an_interpolation_goes_there_and_back(kept):
    firsts = [int(one[20, 20, 0]) for one in film(kept, "interpolation")]
    assert firsts == [3 * place for place in (*range(10), *range(8, 0, -1))]


@pytest.mark.parametrize("end", [".gif", ".webp"])
def test_a_film_plays_all_its_pictures_for_ever(tmp_path, kept, end):
    moments = film(kept, "training")
    save_film(moments, tmp_path / f"film{end}", milliseconds=100, hold=True)
    with Image.open(tmp_path / f"film{end}") as found:
        assert (found.n_frames, found.info["loop"]) == (9, 0)
        found.seek(5)
        assert abs(int(np.asarray(found.convert("L"))[20, 20]) - 120) <= 4


def test_what_cannot_be_moved_is_told(tmp_path, kept):
    with pytest.raises(ConfigError, match=r"a film ends in \.gif or \.webp"):
        save_film(film(kept, "training"), tmp_path / "film.mp4", milliseconds=100, hold=False)
    empty = KeptCell(CellFolder(tmp_path / "none"), record("vae", 1.0))
    with pytest.raises(ConfigError, match="keeps no pictures of training"):
        film(empty, "training")
