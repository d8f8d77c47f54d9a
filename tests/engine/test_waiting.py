"""How long waiting threads spin: settled before torch is loaded, and only where the user has not."""

import subprocess
import sys

import pytest

from genharness.engine.waiting import settle_waiting


@pytest.mark.parametrize(("load", "turns"), [(0.0, "10000"), (4.0, "10000"), (4.1, "1000"), (30.0, "1000")])
def test_threads_sleep_sooner_on_a_busy_machine(monkeypatch, load, turns):
    monkeypatch.setattr("os.getloadavg", lambda: (load, 0, 0))
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    environment = {}
    settle_waiting(environment)
    assert environment == {"GOMP_SPINCOUNT": turns}


@pytest.mark.parametrize("said", [{"GOMP_SPINCOUNT": "7"}, {"OMP_WAIT_POLICY": "ACTIVE"}])
def test_what_the_user_says_stands(said):
    environment = dict(said)
    settle_waiting(environment)
    assert environment == said


def test_it_can_be_settled_before_torch_is_loaded():
    script = "import genharness.cli.main, genharness.engine.waiting, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"
