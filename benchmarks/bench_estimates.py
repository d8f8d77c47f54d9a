"""Whether a plan's estimate of a cell is right after one record of its model with other settings.

    python benchmarks/bench_estimates.py
    python benchmarks/bench_estimates.py 'dcgan*'

Runs, for each model, one cell and then others with another budget, size, batch and width, one thread each, and prints
what was estimated for each from the first record alone beside what it took, start of its process included. Target:
within a factor of two.
"""

from __future__ import annotations

import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

import genharness
from genharness.cli.screen.planned import StepCounter
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.study.estimate import Estimator

FIRST = {"budget": "300steps", "datasets": "digits"}
OTHERS = {
    "dcgan": [
        {"budget": "1500steps"},
        {"width": 128},
        {"width": 16, "budget": "1000steps"},
        {"datasets": "digits@16"},
        {"batch_size": 256},
        {"budget": "2e12flops"},
    ],
    "vae": [
        {"budget": "1500steps"},
        {"width": 128},
        {"latent": 1024},
        {"datasets": "digits@16"},
        {"batch_size": 256},
        {"budget": "1e11flops"},
    ],
    "wgan-gp": [{"budget": "100steps", "width": 16}, {"budget": "100steps", "datasets": "digits@16"}],
    "realnvp": [{"budget": "900steps"}, {"batch_size": 32}],
}


def run(folder, model, *, budget=None, datasets=None, **options):
    """Run a cell and return its record."""
    genharness.run(
        models=model,
        datasets=datasets or FIRST["datasets"],
        budget=budget or FIRST["budget"],
        set={model: options},
        metrics="fid",
        features="pixels",
        baselines=False,
        threads=1,
        results=folder,
    )
    (record,) = Store(folder).records()
    return record


def main(pattern="*"):
    """Print every estimate beside what the cell took."""
    registry = load_registry()
    worst = 1.0
    for model, changes in OTHERS.items():
        if not fnmatch(model, pattern):
            continue
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
