"""How sights are shown."""

from genharness.board.terminal import DataConsole
from genharness.cli.screen.sights import checked_notes, checked_tables, checked_title
from genharness.selfcheck.check import Checked, Seen, Tried
from genharness.selfcheck.faults import FAULTS
from genharness.spec.columns import Column
from genharness.spec.plugins import MetricSpec

BAND = {"low": 0.0, "high": 1.0, "draws": 5, "count": 5}


def found(columns):
    spec = MetricSpec(
        name="m",
        summary="",
        factory="",
        columns=tuple(Column(key=f"c{place}", title=f"Column {place}", wide=place == 0) for place in range(columns)),
    )

    def tried(fault, sight):
        return Tried(fault, {column.key: Seen(2.0, BAND, sight) for column in spec.columns})

    faults = [tried(FAULTS[0], "seen"), tried(FAULTS[1], "missed")]
    return Checked("data", "pixels", 5, 5, tried(None, "missed"), faults, [spec], {"a": "no", "b": "no"})


def lines(one, width, wide=False):
    out = DataConsole(width=width)
    with out.capture() as captured:
        for table in checked_tables(one, width, wide=wide):
            out.print(table)
    return captured.get().splitlines()


def test_a_row_a_fault_and_a_sign_a_column():
    text = lines(found(3), 80)
    assert checked_title(found(3)) == "data: 5 samples, features pixels, 5 draws of real samples"
    assert [line.split() for line in text[-3:]] == [
        ["(real", "samples)", "·", "·"],
        ["noise", "x", "x"],
        ["half", "noise", "·", "·"],
    ]


def test_wide_shows_what_a_leaderboard_hides():
    assert lines(found(3), 80, wide=True)[-2].split() == ["noise", "x", "x", "x"]


def test_more_columns_than_fit_make_more_tables():
    text = lines(found(20), 60)
    assert sum(line.startswith("noise") for line in text) > 1
    assert max(len(line.rstrip()) for line in text) <= 60
    assert sum(line.count(" x") for line in text if line.startswith("noise")) == 19


def test_what_no_shown_column_sees_is_told_and_reasons_are_told_once():
    assert checked_notes(found(3)) == [
        "half noise: no column that a leaderboard shows sees it (half of the samples are noise)",
        "not tried: a, b: no",
    ]
