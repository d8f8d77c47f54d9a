"""A user's mistake is one line on stderr."""

from __future__ import annotations

import errno
import json
import os
import sys

import pytest
from click.testing import CliRunner

from genharness.cli import main
from genharness.errors import MORE_PROCESSES


def raising(error):
    def fail(*_, **__):
        raise error

    return fail


@pytest.mark.parametrize("name", ["a\nb.npy", "a\r\nb.npy"])
def test_a_line_break_in_a_file_name_makes_no_second_error(monkeypatch, capsys, tmp_path, name):
    (tmp_path / name).write_bytes(b"no array")
    command = ["genharness", "evaluate", f"{tmp_path}/./{name}", "--dataset", "digits", "--results", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as left:
        main.main()
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "npy" in line]
    assert line.startswith(f"error: {tmp_path}/{repr(name)[1:-1]} is damaged")
    assert left.value.code == 2


def test_several_mistakes_are_a_line_each(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["genharness", "run", "--no-baselines", "--models", "vea,dcgna"])
    with pytest.raises(SystemExit):
        main.main()
    assert [line[:14] for line in capsys.readouterr().err.splitlines()] == ["error: unknown"] * 2


def test_too_little_memory_is_one_line(monkeypatch, capsys):
    def exhaust(**_):
        raise MemoryError("Unable to allocate 4.77 GiB")

    monkeypatch.setattr(main.cli, "main", exhaust)
    with pytest.raises(SystemExit) as left:
        main.main()
    expected = "error: there is not enough memory (Unable to allocate 4.77 GiB): give fewer or smaller samples\n"
    assert capsys.readouterr().err == expected
    assert left.value.code == 2


def test_a_library_that_cannot_be_loaded_is_one_line(monkeypatch, capsys):
    def fail(**_):
        raise ImportError("libtorch.so: failed to map segment")

    monkeypatch.setattr(main.cli, "main", fail)
    with pytest.raises(SystemExit) as left:
        main.main()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: a library cannot be loaded (libtorch.so: failed to map segment): ")
    assert left.value.code == 2


@pytest.mark.parametrize(
    "error", [RuntimeError("can't start new thread"), BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))]
)
def test_a_process_or_thread_that_the_system_refuses_is_one_line_with_what_helps(monkeypatch, capsys, error):
    monkeypatch.setattr(main.cli, "main", raising(error))
    with pytest.raises(SystemExit) as left:
        main.main()
    assert capsys.readouterr().err == f"error: {error.args[-1]}: {MORE_PROCESSES}\n"
    assert left.value.code == 2


def test_other_faults_of_the_program_keep_their_traceback(monkeypatch):
    monkeypatch.setattr(main.cli, "main", raising(RuntimeError("a defect")))
    with pytest.raises(RuntimeError, match="a defect"):
        main.main()


def test_a_file_that_ends_too_early_is_not_taken_for_ctrl_c(monkeypatch):
    """Click takes every `EOFError` for the end of what is typed, and said "aborted"."""
    monkeypatch.setattr(sys, "argv", ["genharness", "cache", "list"])
    monkeypatch.setattr(main.LazyGroup, "get_command", raising(EOFError("no data left")))
    with pytest.raises(EOFError, match="no data left"):
        main.main()


TRIAL = """
import genharness
import numpy as np

@genharness.dataset("trial-pictures")
def prepare(request):
    "Random pictures."
    for split in ("train", "test"):
        request.writer.split(split).write(np.random.RandomState(0).randint(0, 256, (8, 1, 8, 8)).astype(np.uint8))
"""


def test_a_file_that_is_named_joins_every_command(tmp_path, monkeypatch):
    monkeypatch.setenv("GENHARNESS_PLUGINS", "")
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "trial_of_commands.py").write_text(TRIAL)
    plugin = ["--plugin", str(tmp_path / "trial_of_commands.py")]
    listed = CliRunner(env={"COLUMNS": "200"}).invoke(main.cli, [*plugin, "list", "datasets"])
    assert "Random pictures." in listed.stdout
    told = CliRunner().invoke(main.cli, [*plugin, "--version"]).stdout.splitlines()
    assert told[0].startswith("genharness, version ")
    assert any(line.startswith("trial_of_commands.py, ") for line in told)


MODEL = """
import genharness, torch
from genharness.kit import GenerativeModel

@genharness.model("trial-flat", recipes={b: genharness.Recipe(length="0steps") for b in ("smoke", "standard", "paper")})
class Flat(GenerativeModel):
    "One grey."
    def sample(self, n, *, labels, generator):
        return torch.zeros(n, *self.data.shape, device=generator.device)
"""


@pytest.mark.slow
def test_a_model_in_one_file_is_run_in_processes_of_its_own_and_recorded(genharness, tmp_path):
    (tmp_path / "trial_of_models.py").write_text(MODEL)
    done = genharness(
        *("--plugin", "trial_of_models.py", "run", "--models", "trial-flat", "--no-baselines", "--results", "r"),
        *("--datasets", "digits#40", "--metrics", "fid", "--features", "pixels"),
    )
    assert done.returncode == 0, done.stderr
    (record,) = [json.loads(path.read_text()) for path in (tmp_path / "r" / "records").glob("*.json")]
    assert record["status"] == "ok"
    assert record["cell"]["plugins"]["model"].startswith("trial_of_models.py ")
