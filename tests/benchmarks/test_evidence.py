"""The script behind `make evidence`: every folder of results/ is run and published again, as it lies there."""

import os
import subprocess
from pathlib import Path

import pytest

from genharness.study.reading import load_suite

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "evidence" / "run.sh"
FOLDERS = sorted(path.parent.name for path in (ROOT / "results").glob("*/index.json"))


def commands(folder, *names):
    """Return what the script calls, by a command that only notes what it is told."""
    stand_in = folder / "genharness"
    stand_in.write_text(f'#!/bin/sh\necho "$*" >> {folder}/called\n')
    stand_in.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["bash", str(SCRIPT), *names], env={**os.environ, "PATH": path}, check=True, capture_output=True)
    return (folder / "called").read_text().splitlines()


def kinds(name):
    """Return which pictures of cells lie in a published folder, as `--pictures` has it."""
    found = {path.stem for path in (ROOT / "results" / name / "cells").rglob("*.png")}
    return "all" if found - {"grid"} else "grid" if found else "none"


def test_every_published_folder_is_run_by_its_suite_and_published_with_the_pictures_that_lie_there(tmp_path):
    called = commands(tmp_path)
    published = {f"publish runs/{name} --to results/{name} --pictures {kinds(name)}" for name in FOLDERS}
    assert {line for line in called if line.startswith("publish")} == published
    assert {line for line in called if line.startswith("run")} == {
        f"run benchmarks/evidence/{name}.toml" for name in FOLDERS
    }


def test_some_of_them_can_be_named(tmp_path):
    assert commands(tmp_path, "xray") == [
        "run benchmarks/evidence/xray.toml",
        "publish runs/xray --to results/xray --pictures grid",
    ]


@pytest.mark.parametrize("name", FOLDERS)
def test_every_suite_can_be_read_and_writes_where_it_is_published_from(name):
    assert load_suite(SCRIPT.with_name(f"{name}.toml"), {}).results == Path("runs", name)
