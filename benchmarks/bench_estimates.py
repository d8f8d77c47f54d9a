"""Whether a plan's estimate of a cell is right after one record of its model with other settings.

    python benchmarks/bench_estimates.py 'dcgan*'
    python benchmarks/bench_estimates.py --published

The first runs, for each model of that name, one cell and then others with another budget and size, of some models with
another batch and width as well, one thread each, and prints what was estimated for each from the first record alone
beside what it took; standard networks, of which the large ones take long.

The second runs nothing: of every two published records of a model with its smoke recipe, on data of two sizes and by
one kind of processor, it estimates the one from the other.

Both compare seconds of the processor, so that a machine that serves others as well changes little. Target: within a
factor of two.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
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
from genharness.results.store import Store
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
RESULTS = Path(__file__).resolve().parents[1] / "results"
ZOOS = ("digits-zoo", "cifar10", "mnist", "covid")
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
    return dataclasses.replace(record, measurements={**_of_processor(record.measurements), "cell_seconds": seconds})


def published():
    """Estimate published records from one another; print the pairs of each model, and those beyond a factor of two."""
    registry = load_registry()
    counter = StepCounter(registry)
    counter._until = math.inf  # a plan does not wait so long
    ratios = {}
    for known, other in itertools.permutations(_first_seeds(registry), 2):
        if _of_whom(known) != _of_whom(other) or known.cell.dataset == other.cell.dataset:
            continue
        told = Estimator(registry, [known], counter).seconds(other.cell)
        took = other.measurements["cell_seconds"]
        ratios.setdefault(known.cell.model, []).append(told / took)
        if not 0.5 <= told / took <= 2:
            print(f"{known.cell} told {told:.0f} s of {other.cell}, which took {took:.0f}", flush=True)
    for model, found in ratios.items():
        print(f"{model:14}{len(found):4} pairs, {min(found):5.2f} to {max(found):5.2f} times what was taken")
    every = [one for found in ratios.values() for one in found]
    print(f"{sum(0.5 <= one <= 2 for one in every)} of {len(every)} pairs within a factor of two")


def _first_seeds(registry):
    """Return a record of each trained model on each dataset, of the folders of whole zoos."""
    every = (record for folder in ZOOS for record in Store(RESULTS / folder).records())
    return [_served(one) for one in every if not one.cell.seed and _trains(registry.models[one.cell.model])]


def _of_whom(record):
    return record.cell.model, record.environment["cpu"]


def _served(record):
    """Return a record with seconds of the processor in place of the clock's; of what is not known, in proportion."""
    values = record.measurements
    clock = values["train_seconds"] + values["evaluate_seconds"]
    share = (values["train_cpu_seconds"] + values["evaluate_cpu_seconds"]) / clock
    measured = {**_of_processor(values), "cell_seconds": values["cell_seconds"] * share}
    return dataclasses.replace(record, measurements=measured)


def _of_processor(values):
    served = {f"{what}_seconds": values[f"{what}_cpu_seconds"] for what in ("train", "evaluate")}
    if "steady_images_per_second" in values:
        share = values["train_cpu_seconds"] / values["train_seconds"]
        served["steady_images_per_second"] = values["steady_images_per_second"] / share
    return {**values, **served}


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
    published() if sys.argv[1:] == ["--published"] else main(*sys.argv[1:])
