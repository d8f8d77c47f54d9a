"""Planning: what a suite of many models, datasets and seeds costs before anything is trained.

    pytest benchmarks/bench_planning.py

Targets: 100 models x 20 datasets x 50 seeds within 1.5 s (7.9 s while options were resolved, and what a Config declares
read, again for every metric of every cell); 3,000 datasets within seconds. On a busy machine CPU seconds say more:
1.05, where the version before took 10.7.
"""

from __future__ import annotations

import dataclasses

import pytest

from genharness.data.facts import facts_reader
from genharness.plugin.registry import load_registry
from genharness.spec.cell import Settings
from genharness.study.plan import expand
from genharness.study.suite import Suite

SUITES = {
    "100 models x 20 datasets x 50 seeds": (100, 20, 50),
    "2 models x 3,000 datasets x 1 seed": (2, 3000, 1),
    "1 model x 1 dataset x 100,000 seeds": (1, 1, 100_000),
}


@pytest.mark.parametrize("name", SUITES)
def test_planning(benchmark, name, tmp_path, monkeypatch):
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path))
    models, datasets, seeds = SUITES[name]
    registry = load_registry()
    spec, provider = registry.models["vae"], registry.models.provider("vae")
    for index in range(models):
        registry.models.add(dataclasses.replace(spec, name=f"vae-{index}"), provider)
    suite = Suite(
        models=tuple(f"vae-{index}" for index in range(models)),
        datasets=tuple(f"mnist#{count}" for count in range(1000, 1000 + datasets)),
        seeds=tuple(range(seeds)),
        baselines=False,
    )
    settings = Settings(results=tmp_path)
    plan = benchmark.pedantic(lambda: expand(suite, registry, settings, facts_reader(registry)), rounds=3)
    assert len(plan.tasks) == models * datasets * seeds
