"""Plots of sweeps hold the numbers of the board."""

import pytest

from board_records import record
from genharness.board.build import build
from genharness.errors import ConfigError
from genharness.figures.recorded import markers_of_board
from genharness.plot.kinds import draw
from genharness.plot.sheet import PlotRequest, save
from genharness.plugin.registry import load_registry
from report_pages import swept


def request(folder, records):
    board = build(records, load_registry())
    return PlotRequest(board.groups[0], folder, markers_of_board(board, None))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return request(tmp_path_factory.mktemp("results"), swept())


def titles(sheet):
    return [axes.get_title(loc="left") for axes in sheet.axes if axes.axison]


def test_a_heat_map_has_the_mean_of_every_place(study):
    sheet = draw("heatmap", study)
    assert titles(sheet) == ["vae: FD ↓"]  # single changes are a cross, not a map
    assert [text.get_text() for text in sheet.axes[0].texts][:3] == ["2.66", "4.16", "6.16"]
    assert [label.get_text() for label in sheet.axes[0].get_yticklabels()] == ["0.0001", "0.001", "0.01"]
    shades = [part.get_alpha() for part in sheet.axes[0].collections]
    assert shades[0] == max(shades)  # lower is better
    assert shades[-1] == min(shades)


def test_slices_have_a_dot_a_row(study):
    sheet = draw("slices", study)
    assert titles(sheet) == ["vae", "vae", "dcgan", "dcgan"]
    dots = [line for line in sheet.axes[0].lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in dots] == [3, 3, 3]


def test_importance_and_single_changes_are_those_of_the_tables(study):
    bars = draw("importance", study).axes[0]
    assert [label.get_text() for label in bars.get_yticklabels()] == ["lr", "latent"]
    changes = draw("ablation", study)
    assert titles(changes)[-1] == "dcgan optimizer=adam width=32"
    names = [label.get_text() for label in changes.axes[-1].get_yticklabels()]
    assert names == ["optimizer: adam -> sgd", "optimizer: adam -> rmsprop", "width: 32 -> 64"]


@pytest.mark.parametrize("kind", ["heatmap", "slices", "importance", "ablation"])
def test_every_one_can_be_written_and_is_refused_where_nothing_was_varied(study, tmp_path, kind):
    save(draw(kind, study), tmp_path / "a.svg")
    with pytest.raises(ConfigError, match="there is nothing to draw"):
        draw(kind, request(tmp_path, [record("vae", 1.0), record("gan", 2.0)]))
