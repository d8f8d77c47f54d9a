"""Commands that tests fork from a warm process are as in processes of their own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from warm import WarmCommand

REPORTER = """
from genharness import ReporterSpec, hookimpl

@hookimpl
def genharness_reporters():
    return [ReporterSpec(name="%s", summary="Ours", factory="nowhere:render")]
"""


def cold(folder, *arguments):
    """Return what a command in a new interpreter gives."""
    command = [sys.executable, "-m", "genharness.cli.main", *map(str, arguments)]
    env = {**os.environ, "COLUMNS": "100", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "arguments", [["list", "models"], ["info", "vae"], ["leaderboard", "nowhere"], ["run", "--nope"]]
)
def test_output_and_exit_code_are_those_of_a_new_interpreter(genharness, tmp_path, arguments):
    warm, other = genharness(*arguments), cold(tmp_path, *arguments)
    assert (warm.returncode, warm.stdout) == (other.returncode, other.stdout)
    assert warm.stderr == other.stderr.replace("python -m genharness.cli.main", "genharness")


def test_each_has_the_folder_environment_and_plugins_of_its_own_test(genharness, make_plugin, tmp_path, monkeypatch):
    make_plugin("first-reporter", REPORTER % "first")
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path / "one"))
    listed = json.loads(genharness("list", "reporters", "--format", "json").stdout)
    assert "first" in json.dumps(listed)
    (tmp_path / "here.toml").write_text("models = 3")
    assert "here.toml: models=3" in genharness("run", "here.toml").stderr
    monkeypatch.delenv("PYTHONPATH")
    assert "first" not in genharness("list", "reporters").stdout.split()


def test_a_signal_ends_one_and_is_its_exit_code(tmp_path):
    os.mkfifo(tmp_path / "suite.toml")  # of which nobody ever writes a word
    with Path(os.devnull).open("rb") as nothing, TemporaryFile() as out:
        streams = {"stdin": nothing, "stdout": out, "stderr": out}
        command = WarmCommand(["run", "suite.toml"], tmp_path, {**os.environ, "OMP_NUM_THREADS": "1"}, **streams)
        assert command.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            command.wait(0.1)
        command.kill()
        assert command.wait(30) == -signal.SIGKILL


def test_what_a_started_interpreter_would_not_read_is_refused(genharness):
    with pytest.raises(AssertionError, match="start one with subprocess"):
        genharness("list", OMP_NUM_THREADS="2")
