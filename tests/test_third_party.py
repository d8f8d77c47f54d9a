"""A stranger's package: pip-installed into an environment of its own, then listed, run and ranked."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent / "third_party" / "linear-vae"
README = Path(__file__).resolve().parents[1] / "README.md"


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A virtual environment that sees this one's packages, with the stranger's package installed by pip."""
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
    subprocess.run([sys.executable, *install, str(PACKAGE)], check=True)
    return python


def test_a_strangers_package_is_listed_run_and_ranked(environment, tmp_path):
    def genharness(*arguments):
        command = [environment, "-m", "genharness.cli.main", *arguments]
        env = {**os.environ, "COLUMNS": "100"}
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "linear-vae 0.3" in genharness("list", "models")
    assert "latent dimensions" in genharness("info", "linear-vae")
    genharness("run", "--models", "linear-vae,real,noise", "--metrics", "fid,prdc", "--results", "r")
    (group,) = json.loads(genharness("leaderboard", "r", "--format", "json"))
    assert [row["model"] for row in group["rows"]] == ["real", "linear-vae", "noise"]


@pytest.mark.parametrize("name", ["linear_vae/__init__.py", "linear_vae/model.py"])
def test_the_readme_shows_the_package_whole(name):
    assert (PACKAGE / name).read_text().strip() in README.read_text()
