"""The marks of a chart stand where the board's numbers say."""

import pytest

from genharness.board.build import build
from genharness.figures.recorded import markers_of_board
from genharness.plot.charts import losses, pairs, ranking, tradeoff
from genharness.plot.sheet import PlotRequest
from genharness.plugin.registry import load_registry
from report_pages import studied


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
