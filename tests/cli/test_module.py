"""`python -m genharness`."""

import subprocess
import sys


def test_the_package_runs_as_a_module():
    found = subprocess.run(
        [sys.executable, "-m", "genharness", "--version"], capture_output=True, text=True, check=True
    )
    assert found.stdout.startswith("genharness, version")
