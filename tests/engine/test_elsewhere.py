"""What is settled of tasks before another machine has them."""

import os
from pathlib import Path

import pytest

from genharness.data.facts import facts_reader
from genharness.engine.elsewhere import settled_here
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.spec.cell import Settings
from genharness.study.plan import expand
from genharness.study.suite import Suite


def planned(**settings):
    registry = load_registry()
    suite = Suite(models=("noise",), datasets=("digits#100",), metrics=("fid",), features="pixels", samples=20)
    return expand(suite, registry, Settings(**{"results": Path("r"), **settings}), facts_reader(registry, None)).tasks


def test_paths_are_whole_and_a_task_is_one_cell():
    (task, *_) = settled_here(planned(jobs=3, weights=Path("w")), "ray")
    assert (task.settings.results, task.settings.weights) == (Path("r").absolute(), Path("w").absolute())
    assert task.settings.jobs == 1


@pytest.mark.parametrize(("wanted", "threads"), [(0, 1), (3, 3)])
def test_threads_are_those_that_this_machine_would_take(wanted, threads, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert {task.settings.threads for task in settled_here(planned(threads=wanted), "ray")} == {threads}


def test_a_gpu_of_this_machine_is_refused():
    with pytest.raises(ConfigError, match="--device cuda:1 with --executor slurm: write cuda, it picks one"):
        settled_here(planned(device="cuda:1"), "slurm")
