"""Names of a crowded plot stand on nothing and inside."""

from board_records import record
from genharness.board.build import build
from genharness.figures.recorded import markers_of_board
from genharness.plot.charts import tradeoff
from genharness.plot.sheet import PlotRequest
from genharness.plugin.registry import load_registry


def crowded(tmp_path):
    values = [(place % 4 * 0.02, 10 + place // 4 * 0.3) for place in range(12)]
    records = []
    for place, (cost, score) in enumerate(values):
        records.append(record("vae", score, options={"lr": place}))
        records[-1].measurements["train_seconds"] = 10.0 + cost
    far = record("vae", 400.0, options={"lr": 99})
    far.measurements["train_seconds"] = 9000.0
    board = build([*records, far], load_registry())
    return PlotRequest(board.groups[0], tmp_path, markers_of_board(board, None))


def test_names_of_a_crowded_trade_off_stand_on_no_other_and_inside(tmp_path):
    sheet = tradeoff(crowded(tmp_path))
    (axes,) = sheet.axes
    sheet.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text()]
    assert len(boxes) >= 8
    pairs_of_names = [(a, b) for place, a in enumerate(boxes) for b in boxes[:place]]
    assert not any(
        min(a.x1, b.x1) - max(a.x0, b.x0) > 0 < min(a.y1, b.y1) - max(a.y0, b.y0) - 2 for a, b in pairs_of_names
    )
    assert all(axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 for box in boxes)


def test_what_is_not_drawn_stretches_no_axis(tmp_path):
    (axes,) = tradeoff(crowded(tmp_path)).axes
    assert axes.get_ylim()[1] < 100
    assert axes.get_xlim()[1] < 1000
