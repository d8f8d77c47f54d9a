import json
import re
from pathlib import Path

import pytest
import rich.console

from genharness.cli.screen.terminal import say, screen_state
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record

HOSTILE = "=cmd()\x1b]0;title\x07\x1b[2J\x9b2J\u202e\n[bold]x[/nope]"


@pytest.fixture
def results(tmp_path):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    protocol = Protocol(extractor=HOSTILE, sample_count=10)
    for seed in range(4):
        for model, base in ((HOSTILE, 1.0), ("vae", 2.0), ("gan", 3.0)):
            cell = Cell(
                model=model,
                dataset=HOSTILE,
                seed=seed,
                budget=HOSTILE,
                length="1steps",
                protocol=protocol,
                options={HOSTILE: HOSTILE},
            )
            measured = {"protocol": protocol.as_plain(), "protocol_hash": protocol.hash, "reason": HOSTILE}
            status = "failed" if seed == 3 and model == "vae" else "ok"
            store.save(Record(cell=cell, status=status, scores={"fid": base + seed, HOSTILE: 1.0}, **measured))
    (store.records_folder / f"{HOSTILE.replace('/', '')}.json").write_text("{")
    return store.folder


def test_a_line_is_one_line_whatever_it_holds(capsys):
    say(HOSTILE)
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said[:-1].isprintable()


def test_the_state_of_a_screen_holds_whatever_its_console_reads(monkeypatch):
    read = re.findall(r'nviron\.get\("(\w+)"', Path(rich.console.__file__).read_text(encoding="utf-8"))
    assert {"COLUMNS", "NO_COLOR", "TERM"} <= {*read}
    for name in {*read} - {"JUPYTER_COLUMNS", "JUPYTER_LINES"}:  # asked in notebooks alone, which run no command
        monkeypatch.delenv(name, raising=False)
        before = screen_state()
        monkeypatch.setenv(name, "77")
        assert screen_state() != before


@pytest.mark.parametrize(
    "command",
    [
        ["leaderboard", "results", "--wide"],
        ["leaderboard", "results", "--format", "json"],
        ["leaderboard", "results", "--format", "md"],
        ["compare", "vae", HOSTILE],
        ["compare", "vae", "gan"],
        ["compare", "vae", "gan", "--format", "json"],
        ["rerun", "vae"],
        ["rerun", HOSTILE],
        ["info", HOSTILE],
        ["data", "info", HOSTILE],
        ["run", "--plan", "--no-baselines", "--models", HOSTILE],
        [HOSTILE],
    ],
)
def test_no_command_hands_control_codes_of_records_or_names_to_the_terminal(genharness, results, command):
    done = genharness(*command)
    assert "Traceback" not in done.stderr
    for stream in (done.stdout, done.stderr):
        assert stream.replace("\n", "").isprintable()
    if "json" in command:
        json.loads(done.stdout)
