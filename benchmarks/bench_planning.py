"""Planning: what a suite of many models, datasets and seeds costs before anything is trained.

    pytest benchmarks/bench_planning.py

    python benchmarks/bench_planning.py      half a million cells, what is left of them, and the peak of memory

Targets: 100 models x 20 datasets x 10 seeds x 24 points (480,000 cells) within 10 s and 1 GiB; 100 models x 20 datasets
x 50 seeds within 1.5 s; 3,000 datasets within seconds. On a busy machine CPU seconds say more.
"""

from __future__ import annotations

import dataclasses
import resource
import tempfile
import time
from pathlib import Path

import pytest

from genharness.data.facts import facts_reader
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.cell import Settings
from genharness.study.pending import pending
from genharness.study.plan import expand
from genharness.study.suite import Suite

SUITES = {
    "100 models x 20 datasets x 50 seeds": (100, 20, 50),
    "2 models x 3,000 datasets x 1 seed": (2, 3000, 1),
    "1 model x 1 dataset x 100,000 seeds": (1, 1, 100_000),
}


GRID = {"lr": {"low": 1e-5, "high": 1e-2, "log": True, "points": 6}, "latent": [2, 8, 32, 128]}


def study(models, datasets, seeds, grid=None):
    """Return a suite of copies of one model, and the registry that has them."""
    registry = load_registry()
    spec, provider = registry.models["vae"], registry.models.provider("vae")
    names = tuple(f"vae-{index}" for index in range(models))
    for name in names:
        registry.models.add(dataclasses.replace(spec, name=name), provider)
    suite = Suite(
        models=names,
        datasets=tuple(f"mnist#{count}" for count in range(1000, 1000 + datasets)),
        seeds=tuple(range(seeds)),
        baselines=False,
        sweep=dict.fromkeys(names, grid) if grid else {},
    )
    return suite, registry


@pytest.mark.parametrize("name", SUITES)
def test_planning(benchmark, name, tmp_path, monkeypatch):
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path))
    models, datasets, seeds = SUITES[name]
    suite, registry = study(models, datasets, seeds)
    settings = Settings(results=tmp_path)
    plan = benchmark.pedantic(lambda: expand(suite, registry, settings, facts_reader(registry)), rounds=3)
    assert len(plan.tasks) == models * datasets * seeds


def main():
    """Plan the largest study once, and print what it took."""
    suite, registry = study(100, 20, 10, GRID)
    with tempfile.TemporaryDirectory() as folder:
        start, spent = time.perf_counter(), time.process_time()
        plan = expand(suite, registry, Settings(results=Path(folder)), facts_reader(registry))
        planned, used = time.perf_counter() - start, time.process_time() - spent
        left = pending(plan.tasks, Store(Path(folder)), registry)
        both, used_both = time.perf_counter() - start, time.process_time() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(plan.tasks):,} cells: {planned:.1f} s ({used:.1f} s of CPU)")
    print(
        f"{len(left):,} looked for: {both - planned:.1f} s more ({used_both - used:.1f} s of CPU); peak {peak:,.0f} MiB"
    )


if __name__ == "__main__":
    main()
