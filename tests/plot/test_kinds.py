"""Every figure that can be drawn is drawn, of what there is, with the numbers of the board."""

import pytest

from board_records import record
from genharness.board.build import build
from genharness.errors import ConfigError
from genharness.figures.recorded import markers_of_board
from genharness.plot.kinds import KINDS, draw
from genharness.plot.sheet import PlotRequest, save
from genharness.plugin.registry import load_registry
from report_pages import studied, with_pictures


def request(folder, records):
    board = build(records, load_registry())
    return PlotRequest(board.groups[0], folder, markers_of_board(board, None))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    records = studied()
    return request(with_pictures(tmp_path_factory.mktemp("results"), records), records)


SWEPT = ["heatmap", "slices", "importance", "ablation"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in SWEPT])
def test_every_kind_is_drawn_of_a_whole_study(whole, kind):
    sheet = draw(kind, whole)
    words = {
        text.get_text() for axes in sheet.axes for text in (*axes.get_yticklabels(), *axes.texts, axes.yaxis.label)
    }
    words |= {text.get_text() for legend in sheet.legends for text in legend.get_texts()}
    titles = {axes.get_title(loc="left").partition(":")[0] for axes in sheet.axes}
    assert "vae" in words | titles
    sheet.canvas.draw()


@pytest.mark.parametrize("kind", ["classes", "features", "tsne", "samples", "strips", "reconstructions"])
def test_what_no_cell_keeps_is_told(tmp_path, kind):
    with pytest.raises(ConfigError, match=r"(of digits are kept in|are kept on digits)"):
        draw(kind, request(tmp_path, studied()))


@pytest.mark.parametrize("kind", ["scores", "curves", "losses"])
def test_curves_that_were_not_kept_are_told(tmp_path, kind):
    records = studied()
    for one in records:
        one.history.scores, one.history.losses = {"step": []}, {"step": []}
    with pytest.raises(ConfigError, match="on digits"):
        draw(kind, request(tmp_path, records))


@pytest.mark.parametrize("kind", ["ranking", "tradeoff", "pairs", "losses"])
def test_names_are_no_formulas(tmp_path, kind):
    records = [record(name, value) for name, value in (("$\\frac{a$", 1.0), ("\x1b[31m_^$$", 2.0))]
    for one in records:
        one.history.losses = {"step": [1, 2], "$\\bad{$": [1.0, 2.0]}
    save(draw(kind, request(tmp_path, records)), tmp_path / "a.svg")
    assert "$\\frac{a$" in (tmp_path / "a.svg").read_text()


def test_an_unknown_figure_gets_the_nearest():
    with pytest.raises(ConfigError, match="no figure 'rankin'; did you mean 'ranking'"):
        draw("rankin", None)
