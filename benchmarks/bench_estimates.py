"""Whether a plan's estimate of a cell is right after one record of its model with other settings.

    python benchmarks/bench_estimates.py
    python benchmarks/bench_estimates.py 'dcgan*'

Runs, for each model that trains, one cell and then others with another budget and size, of some models with another
batch and width as well, one thread each, and prints what was estimated for each from the first record alone beside what
it took. Both are seconds of the processor, so that a machine that serves others as well changes little. Target: within
a factor of two. Some fifteen minutes on a core of its own.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from fnmatch import fnmatch
from pathlib import Path

import genharness
import genharness_exec_local.preload  # noqa: F401  -- what cells have behind them when they begin
from genharness.cells.cell import run_task
from genharness.cli.screen.planned import StepCounter
from genharness.plugin.registry import load_registry
from genharness.study.estimate import Estimator

_TABLE = "breast-cancer"
FIRST = {"budget": "100steps", "datasets": "digits"}
OTHERS = {
    "dcgan": [
        {"budget": "600steps"},
        {"width": 96},
        {"datasets": "digits@16"},
        {"batch_size": 256},
        {"budget": "1e11flops"},
    ],
    "vae": [{"budget": "600steps"}, {"latent": 1024}, {"datasets": "digits@16"}, {"batch_size": 512}],
    "wgan-gp": [{"datasets": "digits@16"}, {"batch_size": 128}],
    "realnvp": [{"budget": "200steps"}, {"batch_size": 64}],
    "gan": [{"datasets": _TABLE, "budget": "600steps"}],
}
USUAL = [{"budget": "300steps"}, {"datasets": "digits@16", "budget": "50steps"}]


def run(folder, model, *, budget=None, datasets=None, **options):
    """Run a cell and return its record, with processor seconds in place of those of the clock."""
    (pending,) = genharness.plan(
        models=model,
        datasets=datasets or FIRST["datasets"],
        budget=budget or FIRST["budget"],
        set={model: options},
        metrics="fid",
        features="identity" if datasets == _TABLE else "pixels",
        baselines=False,
        threads=1,
        results=folder,
    ).pending
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as alone:  # a process a cell, as executors have it
        record, seconds = alone.submit(_timed, pending.task).result()
    if not record.finished:
        raise SystemExit(f"{record.cell}: {record.status}: {record.reason}")
    values = record.measurements
    served = {f"{what}_seconds": values[f"{what}_cpu_seconds"] for what in ("train", "evaluate")}
    if "steady_images_per_second" in values:
        share = values["train_cpu_seconds"] / values["train_seconds"]
        served["steady_images_per_second"] = values["steady_images_per_second"] / share
    return dataclasses.replace(record, measurements={**values, **served, "cell_seconds": seconds})


def _timed(task):
    """Return the record of a cell and the processor seconds that it took."""
    start = time.process_time()
    record = run_task(task, lambda event: None, lambda: False)
    return record, time.process_time() - start


def _trains(spec):
    return "smoke" in spec.recipes and spec.recipes["smoke"].length != "0steps"


def main(pattern="*"):
    """Print every estimate beside what the cell took."""
    registry = load_registry()
    worst = 1.0
    trained = [name for name in registry.models if _trains(registry.models[name])]
    for model in sorted(trained, key=lambda name: name not in OTHERS):
        if not fnmatch(model, pattern):
            continue
        changes = OTHERS.get(model, USUAL)
        with tempfile.TemporaryDirectory() as root:
            first = run(Path(root) / "first", model)
            for place, change in enumerate(changes):
                found = run(Path(root) / str(place), model, **change)
                took = found.measurements["cell_seconds"]
                told = Estimator(registry, [first], StepCounter(registry)).seconds(found.cell)
                worst = max(worst, told / took, took / told)
                print(
                    f"{model:10}{change!s:44}{told:8.1f} s estimated{took:8.1f} s taken{told / took:7.2f}", flush=True
                )
    print(f"worst: a factor of {worst:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
