"""What becomes of a command whose output nobody takes."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genharness.cli.screen.output import escape_what_cannot_be_written, lasting_output

RUN = [
    "run",
    "--no-baselines",
    "--models",
    "noise,real",
    "--datasets",
    "digits#300",
    "--features",
    "pixels",
    "--samples",
    "50",
]
RUN += ["--metrics", "fid", "--threads", "1"]


@pytest.fixture
def command(tmp_path):
    def start(*arguments, **pipes):
        words = [sys.executable, "-m", "genharness.cli.main", *map(str, arguments)]
        env = {**os.environ, "COLUMNS": "100", "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(words, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True, **pipes)

    return start


def statuses(folder):
    return {json.loads(path.read_text())["status"] for path in Path(folder).glob("results/records/[!.]*.json")}


@pytest.mark.slow
def test_a_run_goes_on_when_its_reader_goes_away_and_says_so(command, tmp_path):
    process = command(*RUN, stdout=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    _, told = process.communicate(timeout=300)
    assert process.returncode == 0
    assert told.count("the output is gone (Broken pipe): the run goes on without it") == 1
    assert statuses(tmp_path) == {"ok"}
    assert len(list(tmp_path.glob("results/records/[!.]*.json"))) == 2


@pytest.mark.slow
def test_a_run_goes_on_when_the_disk_under_its_output_is_full(command, tmp_path):
    with Path("/dev/full").open("w") as full:
        process = command(*RUN, stdout=full)
        _, told = process.communicate(timeout=300)
    assert process.returncode == 0
    assert "the output is gone (No space left on device)" in told
    assert "Traceback" not in told
    assert statuses(tmp_path) == {"ok"}


@pytest.mark.parametrize("arguments", [["list"], ["run", "--help"], ["info", "suite", "--schema"], ["data", "list"]])
def test_a_reader_that_went_away_is_no_fault_however_much_there_was_to_say(command, arguments):
    read, write = os.pipe()
    os.close(read)
    process = command(*arguments, stdout=write)
    os.close(write)
    _, told = process.communicate(timeout=100)
    assert (process.returncode, told) == (0, "")


@pytest.mark.parametrize("arguments", [["list"], ["--help"], ["info", "dcgan"], ["data", "list"]])
def test_a_full_disk_under_any_other_output_is_one_line(command, arguments):
    with Path("/dev/full").open("w") as full:
        process = command(*arguments, stdout=full)
        _, told = process.communicate(timeout=100)
    assert process.returncode == 2
    assert told == "error: No space left on device: free space, or allow larger files (ulimit -f)\n"


@pytest.mark.slow
def test_a_closed_terminal_stops_a_run_as_ctrl_c_does(command, tmp_path):
    long = [
        "run",
        "--no-baselines",
        "--models",
        "vae",
        "--budget",
        "600s",
        "--datasets",
        "digits#300",
        "--features",
        "pixels",
    ]
    process = command(*long, "--samples", "50", "--metrics", "fid", stdout=subprocess.PIPE, start_new_session=True)
    for line in process.stdout:
        if "step" in line:
            break
    os.killpg(process.pid, signal.SIGHUP)
    time.sleep(0.2)
    process.stdout.close()
    process.communicate(timeout=100)
    assert process.returncode == 130
    assert statuses(tmp_path) == {"interrupted"}
    assert list(tmp_path.glob("results/trainings/*/checkpoint.pt"))


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [("GENHARNESS_HOME", "~nobodyx/z", "GENHARNESS_HOME: ~nobodyx/z names a home that cannot be found")],
)
def test_a_home_that_does_not_exist_is_one_line(genharness, variable, value, message):
    done = genharness("cache", "list", **{variable: value})
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_that_no_file_can_have_is_one_line(genharness):
    done = genharness("leaderboard", "x" * 300)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


def test_what_the_encoding_of_the_output_lacks_is_escaped(monkeypatch):
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict") for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    escape_what_cannot_be_written()
    print("FID \N{DOWNWARDS ARROW}", flush=True)
    print("\N{GREEK SMALL LETTER MU}", file=sys.stderr, flush=True)
    assert out.buffer.getvalue() == b"FID \\u2193\n"
    assert err.buffer.getvalue() == b"\\u03bc\n"


def test_streams_that_are_closed_or_somebody_elses_stay_as_they_are(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    escape_what_cannot_be_written()


@pytest.mark.parametrize("command", [["info", "dcgan"], ["list", "metrics"]], ids=" ".join)
def test_commands_write_to_an_output_in_ascii(command):
    done = subprocess.run(
        [sys.executable, "-m", "genharness", *command],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["list", "doctor"])
def test_a_working_directory_that_is_gone_is_one_line(tmp_path, command):
    (tmp_path / "gone").mkdir()
    start = "import os, sys; os.rmdir(os.getcwd()); from genharness.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", start, command], cwd=tmp_path / "gone", capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: the working directory cannot be used (No such file or directory)")


@pytest.mark.parametrize(
    ("shell", "code"),
    [
        ("list executors >&-", 0),
        ("list executors >&- 2>&- <&-", 0),
        ("run --models nope >&-", 2),
        ("run --models nope >&- 2>&- <&-", 2),
        ("run --models nope 2>/dev/full", 2),
        ("data remove digits <&-", 130),
    ],
)
def test_streams_that_are_closed_or_full_change_no_exit_code(tmp_path, shell, code):
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m genharness {shell}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == code
    assert "Traceback" not in done.stdout + done.stderr


def test_what_a_signal_says_in_the_middle_of_a_write_waits_for_its_end(monkeypatch):
    class Interrupted(io.StringIO):
        """A stream in whose writes a handler prints, as Python's buffers refuse it."""

        inside = False

        def write(self, text):
            if self.inside:
                raise RuntimeError("reentrant call inside <_io.BufferedWriter>")
            self.inside = True
            if text == "step\n":
                print("stopping")
            self.inside = False
            return super().write(text)

    stream = Interrupted()
    monkeypatch.setattr(sys, "stdout", stream)
    with lasting_output():
        sys.stdout.write("step\n")
        sys.stdout.flush()
    assert stream.getvalue().split() == ["step", "stopping"]
