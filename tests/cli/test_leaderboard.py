"""`genharness leaderboard` as a user meets it."""

import pytest

from board_records import record as record_of
from genharness.cli.leaderboard import show
from genharness.cli.screen.terminal import console
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record

REPORTER = """
from dataclasses import dataclass
from genharness import ReporterSpec, hookimpl, option

@dataclass(frozen=True)
class LinesConfig:
    separator: str = option(" ", help="what stands between model and score")

@hookimpl
def genharness_reporters():
    return [ReporterSpec(name="lines", summary="Ours", factory="line_reporter_heavy:render", config=LinesConfig)]
"""
RENDER = """
def render(board, options):
    rows = [row for group in board.groups for row in group.rows]
    return "".join(row.label + options.config.separator + str(row.estimates["fid"].mean) for row in rows)
"""


@pytest.mark.parametrize(("form", "asks"), [("table", True), ("csv", False), ("json", False)])
def test_the_terminal_is_asked_for_people_alone(results, monkeypatch, form, asks):
    from genharness.cli import leaderboard

    asked = []
    monkeypatch.setattr(leaderboard, "console", lambda: asked.append(1) or console())
    leaderboard.leaderboard.main([str(results), "--format", form], standalone_mode=False)
    assert bool(asked) is asks


@pytest.fixture
def results(tmp_path):
    protocol = Protocol(extractor="classifier", sample_count=10)
    cell = Cell(model="vae", dataset="digits", seed=0, protocol=protocol, budget="smoke", length="1steps")
    record = Record(cell=cell, status="ok", scores={"fid": 3.5}, protocol=protocol.as_plain())
    record.protocol_hash = protocol.hash
    store = Store(tmp_path / "results")
    store.open_for_writing()
    store.save(record)
    return store.folder


@pytest.fixture
def _reporter(make_plugin):
    make_plugin("line-reporter", REPORTER, heavy=RENDER)


@pytest.mark.usefixtures("_reporter")
def test_a_strangers_format_gets_its_own_options(genharness, results):
    assert genharness("leaderboard", results, "--format", "lines").stdout == "vae 3.5\n"
    done = genharness("leaderboard", results, "--format", "lines", "--set", "lines.separator==")
    assert done.stdout == "vae=3.5\n"


@pytest.mark.usefixtures("_reporter")
@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("lines.separatr=x", "lines has no option 'separatr'; did you mean 'separator'?"),
        ("md.separator=x", "--set md is not part of this run"),
        ("liness.separator=x", "--set liness: nothing is called so; did you mean 'lines'?"),
    ],
)
def test_an_option_that_is_nobodys_is_refused(genharness, results, setting, message):
    done = genharness("leaderboard", results, "--format", "lines", "--set", setting)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"error: {message}"]


def test_a_folder_without_results_is_said_to_have_none(genharness, tmp_path):
    assert genharness("leaderboard", tmp_path / "none").returncode == 2


def test_after_a_run_what_it_has_told_is_not_told_again(tmp_path, capsys):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    here, stopped = (record_of(one, None, status="interrupted", reason=f"{one} stopped") for one in ("vae", "gan"))
    for one in (here, stopped, record_of("ddpm", None, dataset="mnist", status="failed", reason="no memory")):
        store.save(one)
    show(store.folder, console(), ["digits"], told=[here.cell.id])
    shown = capsys.readouterr().out
    assert "gan stopped" in shown
    assert "vae stopped" not in shown
    show(store.folder, console(), ["digits"], told=[here.cell.id, stopped.cell.id])
    assert capsys.readouterr().out == ""


def test_the_time_to_a_score_is_a_table_of_its_own(genharness, results):
    record = record_of("vae", 3.0, batch_size=10)
    record.history.scores = {"step": [10, 20, 30], "fid": [9.0, 4.0, 3.0]}
    record.history.seconds = [1.0, 2.5, 4.0]
    Store(results).save(record)
    done = genharness("leaderboard", results, "--time-to", "fid=5", "--against", "seconds,images", "--format", "csv")
    assert 'FD ≤ 5 over training seconds",vae batch_size=10,1 of 1,2.5,2.5,2.5,,' in done.stdout
    assert 'FD ≤ 5 over training images",vae batch_size=10,1 of 1,200.0,200.0,200.0,,' in done.stdout
    both = genharness("leaderboard", results, "--time-to", "fid=5", "--pivot", "lr,latent")
    assert "--pivot and --time-to exclude each other" in both.stderr
