"""What a run shows while it goes on."""

import io

import pytest
from rich.console import Console

from board_records import record
from genharness.cli.screen import display
from genharness.cli.screen.display import duration, make_display
from genharness.cli.screen.terminal import print_warnings
from genharness.plugin.execution import Event
from genharness.spec.cell import Settings, Task

DONE = record("vae", 1.0)
CELL = DONE.cell


def shown(terminal=False):
    stream = io.StringIO()
    console = Console(file=stream, width=200, force_terminal=terminal)
    task = Task(cell=CELL, metrics={}, settings=Settings(results="."))
    return make_display(console, [task]), lambda: stream.getvalue()


def event(phase, **news):
    return Event(cell_id=CELL.id, phase=phase, **news)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "?"),
        (float("inf"), "?"),
        (0.44, "0.4 s"),
        (9.99, "10.0 s"),
        (12.4, "12 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3600, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_seconds_are_for_people(seconds, text):
    assert duration(seconds) == text


def test_lines_are_written_when_the_phase_changes_and_then_now_and_again(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(display.time, "monotonic", lambda: now[0])
    view, text = shown()
    for step in range(1, 31):
        view.event(event("train", step=step, images_per_second=1000, eta_seconds=30, values={"loss": 0.5}))
        now[0] += 1
    view.event(event("sample"))
    view.event(event("measure"))
    lines = text().splitlines()
    assert [line.split("step ")[-1].split(",")[0] for line in lines[:-1]] == ["1", "11", "21"]
    assert lines[0] == "vae on digits, seed 0: step 1, 1,000 images/s  30 s left  loss 0.5"
    assert lines[-1] == "vae on digits, seed 0: sample"


@pytest.mark.parametrize("terminal", [False, True])
def test_the_end_of_a_cell_is_told_with_its_reason(terminal):
    view, text = shown(terminal)
    failed = record("vae", None, status="out_of_memory", reason="it asked for 9 GiB")
    with view:
        view.event(event("train", step=3))
        view.record(DONE)
        view.record(failed)
    assert "vae on digits, seed 0: done in ?" in text()
    assert "out of memory after ?: it asked for 9 GiB" in text()


def test_what_a_cell_waits_for_is_a_line_whenever_it_changes():
    view, text = shown()
    for words in ("job 7: pending", "job 7: running", "job 7: running"):
        view.event(event("waiting", text=words))
    assert text().count("pending") == text().count("running") == 1


def test_rows_of_a_running_study_do_not_wrap_and_say_what_goes_on():
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=True)
    view = make_display(console, [Task(cell=CELL, metrics={}, settings=Settings(results="."))])
    with view:
        pass
    assert "0 of 1 cells, starting" in stream.getvalue()
    with view:
        view.event(
            event("extractor", text="training the classifier of digits, once, and more words than fit in the row")
        )
        view._live.refresh()
    assert "vae on digits, seed 0  features" in stream.getvalue()
    assert "in the row" not in stream.getvalue()


def test_no_color_is_heeded(monkeypatch):
    from genharness.cli.screen.terminal import plain_wanted

    monkeypatch.setenv("NO_COLOR", "1")
    assert plain_wanted() is False
    monkeypatch.setenv("NO_COLOR", "")
    assert plain_wanted() is None


def test_few_of_many_warnings_are_printed(capsys):
    print_warnings([f"record {number} is damaged" for number in range(1000)])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[-1] == "warning: and 990 more like these"
