"""What is built and given away: everything that is needed is in it, and it works where nothing else is."""

import os
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SOURCES = [path for folder in ("harness", "plugins") for path in (ROOT / folder).rglob("*") if path.is_file()]
DATA = {path.name for path in SOURCES if path.suffix not in (".py", ".pyc")}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel and the source archive, as `python -m build` makes them."""
    pytest.importorskip("hatchling")
    out = tmp_path_factory.mktemp("dist")
    code = f"import hatchling.build as b; print(b.build_wheel({str(out)!r})); print(b.build_sdist({str(out)!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    wheel, sdist = done.stdout.split()[-2:]
    return out / wheel, out / sdist


@pytest.mark.slow
def test_every_module_and_every_data_file_is_in_the_wheel(built):
    names = set(zipfile.ZipFile(built[0]).namelist())
    wanted = {"/".join(path.relative_to(ROOT).parts[1:]) for path in SOURCES if "__pycache__" not in path.parts}
    assert wanted - names == set()
    assert {"record.schema.json", "page.js", "style.css", "page.html.j2", "py.typed"} <= DATA
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "results/"))]


@pytest.mark.slow
def test_the_source_archive_builds_the_same_wheel(built, tmp_path):
    with tarfile.open(built[1]) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    code = "import hatchling.build as b; print(b.build_wheel('.'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True, check=True)
    again = zipfile.ZipFile(source / done.stdout.split()[-1])
    assert sorted(again.namelist()) == sorted(zipfile.ZipFile(built[0]).namelist())


@pytest.mark.slow
def test_the_wheel_works_in_an_environment_of_its_own(built, tmp_path):
    """Its requirements are lent by this environment: that they can be had is a matter of the registry, and of CI."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    (site,) = home.glob("lib/python*/site-packages")
    with zipfile.ZipFile(built[0]) as wheel:
        wheel.extractall(site)
    lent = [path for path in sys.path if path.endswith("site-packages")]
    (site / "lent.pth").write_text("\n".join(lent))
    python = str(home / "bin" / "python")
    run = "import sys; from genharness.cli.main import main; sys.argv[0] = 'genharness'; main()"
    environment = {**os.environ, "GENHARNESS_HOME": str(tmp_path / "home")}
    environment.pop("PYTHONPATH", None)

    def said(*words):
        command = [python, "-c", run, *words]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = [python, "-c", "import genharness; print(genharness.__file__)"]
    assert str(site) in subprocess.run(where, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert PROJECT["version"] in said("--version")
    said(
        "run",
        "--models",
        "real,noise",
        "--datasets",
        "digits",
        "--features",
        "pixels",
        "--samples",
        "50",
        "--metrics",
        "fid",
    )
    said("report", "-o", "page.html")
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
