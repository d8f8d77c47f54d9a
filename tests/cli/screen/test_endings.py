"""A command that a signal ends says so in a line, leaves nothing half-written, and can be started again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from board_records import record
from genharness.cli.screen import endings
from genharness.files.atomic import TEMPORARY
from genharness.results.store import Store

WAITING = """
import signal, sys, time
from pathlib import Path
from genharness.files import atomic

signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background ignore it, and so would this
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)

def wait(*_):
    Path("ready").touch()
    for _ in range(1000):  # a signal that comes just before a sleep does not end it
        time.sleep(0.1)

atomic.publish = atomic._swap = wait  # everything is written, and nothing has its name yet
if {stuck!r}:
    Path.unlink = lambda *_, **__: wait()
sys.argv = ["genharness", *{arguments!r}]
from genharness.cli.main import main
main()
"""

IMPORTING = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
from genharness.cli.main import main

class AsOrjsonIsLoaded:
    def find_spec(self, name, path=None, target=None):
        if name == "json.decoder":
            os.kill(os.getpid(), {number})

assert "json" not in sys.modules
sys.meta_path.insert(0, AsOrjsonIsLoaded())
sys.argv = ["genharness", "publish", "results"]
main()
"""

SIGNALS = {signal.SIGINT: "aborted", signal.SIGTERM: "ended by SIGTERM", signal.SIGHUP: "ended by SIGHUP"}


@pytest.fixture
def results(tmp_path):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    for seed in range(2):
        store.save(record("vae", 10.0 + seed, seed=seed))
    return store.folder


@pytest.fixture
def waiting(tmp_path):
    """Give a function that starts a command and returns it when it has written all and renamed nothing."""
    started = []

    def start(*arguments, stuck=False):
        code = WAITING.format(arguments=[str(one) for one in arguments], stuck=stuck)
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            text=True,
            env={**os.environ, "GENHARNESS_HOME": str(tmp_path / "home")},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        started.append(process)
        ready(tmp_path, process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ready(folder: Path, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 200
    while not (folder / "ready").exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (folder / "ready").unlink()


def temporaries(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if TEMPORARY.fullmatch(path.name)]


@pytest.mark.parametrize(
    ("arguments", "target", "number"),
    [
        (("report", "results", "-o", "page.html"), "page.html", signal.SIGINT),
        (("report", "results", "-o", "page.html"), "page.html", signal.SIGTERM),
        (("report", "results", "--site", "pages"), "pages", signal.SIGHUP),
        (("publish", "results", "--to", "given"), "given", signal.SIGTERM),
        (("data", "prepare", "digits"), "home/data/digits", signal.SIGHUP),
    ],
)
def test_what_a_signal_ends_leaves_no_target_and_no_temporary(waiting, results, tmp_path, arguments, target, number):
    process = waiting(*arguments)
    assert temporaries(tmp_path)
    process.send_signal(number)
    _, told = process.communicate(timeout=100)
    assert process.returncode == 128 + number
    assert told.splitlines()[-1] == SIGNALS[number]
    assert "Traceback" not in told
    assert not temporaries(tmp_path)
    assert not (tmp_path / target / "meta.json").exists()
    assert not (tmp_path / target).exists() or target == "home/data/digits"


def test_a_second_signal_ends_at_once_what_does_not_come_to_an_end(waiting, results, tmp_path):
    process = waiting("report", "results", "-o", "page.html", stuck=True)
    process.send_signal(signal.SIGTERM)
    ready(tmp_path, process)  # it waits again, while it cleans up
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert not (tmp_path / "page.html").exists()


def test_after_an_end_the_same_command_goes_through(waiting, genharness, results, tmp_path):
    process = waiting("publish", "results", "--to", "given")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=100)
    assert genharness("publish", results, "--to", tmp_path / "given").returncode == 0
    assert len(list((tmp_path / "given" / "records").iterdir())) == 2


def test_what_is_ignored_stays_ignored_and_the_rest_is_as_before():
    before = {number: signal.signal(number, how) for number, how in HOW.items()}
    try:
        with endings.tidy_endings():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is endings._end
        assert {number: signal.getsignal(number) for number in HOW} == HOW
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


HOW = {signal.SIGHUP: signal.SIG_IGN, signal.SIGTERM: signal.SIG_DFL}


def test_what_is_printed_as_the_process_ends_goes_to_stderr(tmp_path):
    (tmp_path / "says_bye.py").write_text(SAYS_BYE)
    command = [sys.executable, "-m", "genharness", "list", "trackers", "--format", "json"]
    env = {**os.environ, "GENHARNESS_PLUGINS": str(tmp_path / "says_bye.py")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert [*json.loads(done.stdout)] == ["trackers"]
    assert done.stderr.splitlines()[-1] == "bye"


SAYS_BYE = """
import atexit
from genharness import hookimpl

atexit.register(print, "bye")

@hookimpl
def genharness_models():
    return []
"""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_in_the_middle_of_an_import_ends_the_command_and_does_not_crash_it(tmp_path, number):
    command = [sys.executable, "-c", IMPORTING.format(number=int(number))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 128 + number
    assert done.stderr.splitlines()[-1] == SIGNALS[number]
    assert "Traceback" not in done.stderr
