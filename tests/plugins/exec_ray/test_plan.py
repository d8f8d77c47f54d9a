"""What is said before anything runs, and what a command that needs no Ray leaves unimported."""

import os
import socket
import subprocess
import sys

import pytest


@pytest.fixture
def python(tmp_path):
    def run(code):
        env = {**os.environ, "COLUMNS": "100"}
        return subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True)

    return run


@pytest.mark.parametrize("arguments", [["list"], ["--help"], ["run", "--help"], ["run", "--plan", "--executor", "ray"]])
def test_what_runs_no_cell_leaves_ray_unimported(python, arguments):
    code = f"""
import sys
sys.argv = ["genharness", *{arguments!r}]
from genharness.cli.main import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("imported:", sorted(name for name in ("ray", "torch") if name in sys.modules))
"""
    done = python(code)
    assert done.stdout.endswith("imported: []\n"), done.stderr


def test_without_ray_a_plan_says_how_to_install_it(python):
    code = """
import sys
sys.modules["ray"] = None
sys.argv = ["genharness", "run", "--plan", "--executor", "ray"]
from genharness.cli.main import main
main()
"""
    done = python(code)
    assert done.returncode == 2
    assert done.stderr == "error: --executor ray needs the package ray: pip install 'genharness[ray]'\n"


def test_without_ray_the_executor_is_still_listed(python):
    code = """
import sys
sys.modules["ray"] = None
sys.argv = ["genharness", "list", "executors"]
from genharness.cli.main import main
main()
"""
    assert "ray" in python(code).stdout


@pytest.mark.parametrize(
    ("executor", "message"),
    [
        ("ray:localhost:1", "no Ray cluster answers at localhost:1 (Connection refused)"),
        ("ray:no-such-host.invalid:6379", "no Ray cluster answers at no-such-host.invalid:6379"),
        ("ray:cluster", "'cluster' is no address of a Ray cluster: write --executor ray, ray:auto or ray:HOST:PORT"),
        ("ray:localhost:99999", "'localhost:99999' is no address of a Ray cluster"),
        ("ray:ray://localhost:10001", "is no address of a Ray cluster"),
        ("ray:", "executor 'ray:': write ray or ray:ADDRESS"),
        ("local:here", "executor 'local:here': write local"),
        ("rey", "unknown executor 'rey'; did you mean 'ray'?"),
    ],
)
def test_a_cluster_that_is_not_there_is_one_line_before_anything_is_written(genharness, tmp_path, executor, message):
    done = genharness("run", "--no-baselines", "--models", "vae", "--executor", executor)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_an_address_where_something_else_listens_is_one_line_in_bounded_time(genharness):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        done = genharness("run", "--no-baselines", "--models", "noise", "--executor", f"ray:{address}", timeout=120)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert address in done.stderr


def test_files_of_plugins_are_named_where_cells_run(monkeypatch):
    from genharness_exec_ray.worker import environment

    monkeypatch.setenv("GENHARNESS_PLUGINS", "/shared/my_model.py")
    assert environment()["GENHARNESS_PLUGINS"] == "/shared/my_model.py"
    monkeypatch.delenv("GENHARNESS_PLUGINS")
    assert "GENHARNESS_PLUGINS" not in environment()
