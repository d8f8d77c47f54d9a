"""Strangers' packages of every kind: pip-installed into an environment of their own, then listed, run and ranked."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent / "third_party" / "linear-vae"
ONE_OF_EACH = PACKAGE.with_name("one-of-each")
README = Path(__file__).resolve().parents[1] / "README.md"


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A virtual environment that sees this one's packages, with the strangers' packages installed by pip."""
    folder = tmp_path_factory.mktemp("stranger")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    inherited = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    Path(site, "inherited.pth").write_text(inherited)
    install = ["-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([sys.executable, *install, str(PACKAGE), str(ONE_OF_EACH)], check=True)
    return python


@pytest.fixture
def genharness(environment, tmp_path):
    """Run the command line in that environment, and return what it prints."""

    def run(*arguments):
        command = [environment, "-m", "genharness.cli.main", *arguments]
        env = {**os.environ, "COLUMNS": "100"}
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.slow
def test_a_strangers_package_is_listed_run_and_ranked(genharness):
    assert "linear-vae 0.3" in genharness("list", "models")
    assert "latent dimensions" in genharness("info", "linear-vae")
    genharness("run", "--models", "linear-vae,real,noise", "--metrics", "fid,prdc", "--results", "r")
    (group,) = json.loads(genharness("leaderboard", "r", "--format", "json"))
    assert [row["model"] for row in group["rows"]] == ["real", "linear-vae", "noise"]


@pytest.mark.slow
def test_strangers_plugins_of_every_kind_are_listed_and_used_together(genharness, tmp_path):
    found = {one["plugin"]: one for one in json.loads(genharness("list", "--plugins", "--format", "json"))}
    kinds = {"datasets", "extractors", "metrics", "executors", "reporters", "trackers"}
    assert (set(found["one-of-each"]["kinds"]), found["one-of-each"]["version"]) == (kinds, "2.1")
    assert found["linear-vae"]["kinds"] == {"models": ["linear-vae"]}
    assert not any(one["faults"] for one in found.values())
    asked = ["--models", "linear-vae,real", "--no-baselines", "--datasets", "ramps", "--budget", "30steps"]
    asked += ["--features", "edges", "--metrics", "fid,contrast-gap", "--executor", "in-turn", "--tracker", "tally"]
    genharness("run", *asked, "--results", "r")
    assert (tmp_path / "tally.txt").read_text() == "2 planned, 2 ok\n"
    (group,) = json.loads(genharness("leaderboard", "r", "--format", "json"))
    assert group["protocol"]["extractor"] == "edges"
    assert all(row["values"]["contrast_gap"]["mean"] is not None for row in group["rows"])
    assert genharness("leaderboard", "r", "--format", "names").splitlines() == ["ramps real", "ramps linear-vae"]


@pytest.mark.parametrize("name", ["linear_vae/__init__.py", "linear_vae/model.py"])
def test_the_readme_shows_the_package_whole(name):
    assert (PACKAGE / name).read_text().strip() in README.read_text()
