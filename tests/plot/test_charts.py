"""The marks of a chart stand where the board's numbers say."""

from itertools import pairwise

import pytest

from genharness.board.build import build
from genharness.figures.recorded import markers_of_board
from genharness.plot.charts import losses, pairs, ranking, tradeoff
from genharness.plot.pictures import latents
from genharness.plot.sheet import PlotRequest, entitle, new_sheet, save
from genharness.plugin.registry import load_registry
from report_pages import studied, with_pictures


@pytest.fixture
def request_of_a_study(tmp_path):
    board = build(studied(), load_registry())
    return PlotRequest(board.groups[0], tmp_path, markers_of_board(board, None))


def test_the_ranking_shows_means_and_seeds(request_of_a_study):
    (axes,) = ranking(request_of_a_study).axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["vae", "gan", "dcgan"]
    seeds = [sorted(line.get_xdata()) for line in axes.get_lines() if len(line.get_xdata()) == 5]
    assert [10.0, 10.5, 11.0, 11.5, 12.0] in seeds
    assert any(list(line.get_xdata()) == [11.0] for line in axes.get_lines())


def test_the_trade_off_has_its_front(request_of_a_study):
    (axes,) = tradeoff(request_of_a_study).axes
    front = [line for line in axes.get_lines() if line.get_linestyle() == ":"]
    assert [list(line.get_ydata()) for line in front] == [[11.0]]


def test_a_pair_stands_twice_each_the_other_turned(request_of_a_study):
    (axes,) = pairs(request_of_a_study).axes
    values = {text.get_position(): float(text.get_text()) for text in axes.texts}
    assert len(values) == 6
    for (x, y), value in values.items():
        assert value * values[y, x] == pytest.approx(1, rel=0.06)


def test_losses_have_the_mean_of_their_seeds(request_of_a_study):
    first = losses(request_of_a_study).axes[0].get_lines()[0]
    assert list(first.get_ydata()) == pytest.approx([3.0, 2.0, 1.2])


def test_the_legend_of_losses_lies_above_the_curves(request_of_a_study):
    for row in request_of_a_study.rows:
        for one in row.records:
            one.history.losses |= {name: [3.0, 3.0, 3.0] for name in ("d_real", "d_fake", "penalty")}
            one.history.held_out = {}
    axes = losses(request_of_a_study).axes[0]
    axes.get_figure().draw_without_rendering()
    legend = axes.get_legend().get_window_extent()
    assert legend.y0 >= axes.transData.transform((0, 3.0))[1]


def test_titles_of_panels_end_before_the_next(tmp_path):
    sheet, axes = new_sheet(5.5, 1.5, 1, 4)
    for one in axes:
        entitle(one, "a-flow-matching: TV 0.05")
    save(sheet, tmp_path / "a.png")
    boxes = [one._left_title.get_window_extent() for one in axes]
    assert all(a.x1 <= b.x0 for a, b in pairwise(boxes[:2]))
    assert boxes[0].height > 0


def test_a_single_panel_of_latent_codes_is_a_square(tmp_path):
    records = studied()
    with_pictures(tmp_path, records)
    board = build(records, load_registry())
    (panel,) = latents(PlotRequest(board.groups[0], tmp_path, markers_of_board(board, None))).axes
    panel.get_figure().draw_without_rendering()
    assert 0.6 < panel.bbox.width / panel.bbox.height < 1.7
