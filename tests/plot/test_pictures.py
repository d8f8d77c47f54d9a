"""Pictures of a plot are the tiles that cells keep."""

import numpy as np
import pytest

from genharness.board.build import build
from genharness.figures.recorded import markers_of_board
from genharness.plot.pictures import reconstructions, samples, strips
from genharness.plot.sheet import PlotRequest
from genharness.plugin.registry import load_registry
from report_pages import studied, with_pictures


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    records = studied()
    board = build(records, load_registry())
    folder = with_pictures(tmp_path_factory.mktemp("results"), records)
    return PlotRequest(board.groups[0], folder, markers_of_board(board, None))


def shown(axes):
    return np.asarray(axes.images[0].get_array())


def test_samples_stand_below_real_ones(whole):
    axes = samples(whole).axes
    assert [one.get_ylabel() for one in axes] == ["real", "vae", "gan", "dcgan"]
    images, _ = whole.kept(whole.rows[0]).samples()
    assert np.array_equal(shown(axes[1])[:, :8], images[0, :, :, 0])
    assert np.array_equal(shown(axes[1])[:, 9:17], images[1, :, :, 0])


def test_a_strip_has_the_steps_of_its_moments(whole):
    axes = strips(whole).axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()][::4] == ["0", "150", "300"]
    tiles = whole.kept(whole.rows[0]).strip()
    assert np.array_equal(shown(axes)[:, 9:17], tiles[8, :, :, 0])


def test_originals_stand_above_reconstructions(whole):
    axes = reconstructions(whole).axes[0]
    tiles = whole.kept(whole.rows[0]).reconstructions()
    assert np.array_equal(shown(axes)[:8, :8], tiles[0, :, :, 0])
    assert np.array_equal(shown(axes)[9:, :8], tiles[1, :, :, 0])
