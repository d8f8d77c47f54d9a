"""What stands beside the code says what the code says."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import genharness

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "harness" / "genharness"
CHANGED_TESTS = ROOT / ".ci" / "changed_tests.py"


def test_every_file_names_the_same_version():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    citation = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)[1]
    changes = re.findall(r"^## (\d.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert [pyproject, citation, changes[0]] == [genharness.__version__] * 3


SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bhf_[A-Za-z0-9]{34}\b"
    r"|\bxox[abp]-[0-9A-Za-z-]{20,}|\bsk-[A-Za-z0-9_-]{32,}|\bpypi-[A-Za-z0-9_-]{50,}|://[^/\s:@]+:[^/\s:@{}]+@"
)
"""Keys of services and passwords in addresses."""
PICKLES = {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".bin"}


def secrets_of(text):
    return SECRETS.findall(text)


def test_no_secret_and_no_pickle_is_in_the_tree():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    assert len(files) > 500
    assert [
        path for path in files if path.suffix in PICKLES or path.read_bytes()[:2] in (b"\x80\x04", b"\x80\x05")
    ] == []
    assert {str(path): found for path in files if (found := secrets_of(path.read_text(errors="replace")))} == {}


@pytest.mark.parametrize(
    "secret", ["-----BEGIN RSA " + "PRIVATE KEY", "ghp_" + "a1" * 18, "hf_" + "aB" * 17, "https://me:word" + "@host/x"]
)
def test_a_planted_secret_is_found(secret):
    assert secrets_of(f"key = '{secret}'")


def test_make_test_is_the_command_of_the_readme():
    done = subprocess.run(["make", "--dry-run", "test"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"{' && '.join(done.stdout.splitlines())} " in (ROOT / "README.md").read_text()


@pytest.fixture
def project(tmp_path):
    """A repository with two rooms, a plugin and their tests, all committed."""

    def git(*arguments):
        own = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
        subprocess.run(["git", *own, *arguments], cwd=tmp_path, check=True, capture_output=True)

    for name in ("harness/genharness/spec/cell.py", "harness/genharness/cli/run.py", "plugins/genharness_toy/toy.py"):
        write(tmp_path / name, "")
    for name in ("spec/test_cell.py", "cli/test_run.py", "cli/test_sample.py", "plugins/test_other.py"):
        write(tmp_path / "tests" / name, "")
    write(tmp_path / "tests/plugins/test_toy.py", "import genharness_toy")
    git("init", "--initial-branch=main")
    git("add", ".")
    git("commit", "-m", "all")
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("edited", "tests"),
    [
        ("harness/genharness/spec/cell.py", "tests/spec"),
        ("harness/genharness/spec/new.py", "tests/spec"),
        ("harness/genharness/cli/run.py", "tests/cli/test_run.py"),
        ("plugins/genharness_toy/toy.py", "tests/plugins/test_toy.py"),
        ("tests/cli/test_sample.py", "tests/cli/test_sample.py"),
        ("harness/genharness/cli/untested.py", ""),
        ("README.md", ""),
    ],
)
def test_a_change_calls_for_the_tests_of_its_room(project, edited, tests):
    write(project / edited, "x = 1\n")
    done = subprocess.run([sys.executable, CHANGED_TESTS], cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == tests


def test_architecture_lists_every_room_from_the_lowest_floor_up():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = next(contract["layers"] for contract in contracts if contract.get("containers") == ["genharness"])
    rooms = [{room.strip() for room in floor.split("|")} for floor in reversed(floors) if not floor.startswith("(")]
    _, table = (ROOT / "docs" / "architecture.md").read_text().split("## Rooms")
    listed = re.findall(r"^\| `(\w+)` \|", table.split("## A reading order")[0], re.MULTILINE)
    assert [set(listed[len(set().union(*rooms[:n])) :][: len(floor)]) for n, floor in enumerate(rooms)] == rooms
    assert len(listed) == len(set().union(*rooms))


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_files_that_a_page_names_exist(page):
    named = re.findall(r"`([\w/.]+/[\w/.]+\.\w+)`", (ROOT / page).read_text())
    real = [name for name in named if not re.search("[A-Z]{3}", name)]  # not tests/ROOM/test_MODULE.py
    missing = [name for name in real if not any((folder / name).exists() for folder in (ROOT, PACKAGE, PACKAGE.parent))]
    assert not missing
