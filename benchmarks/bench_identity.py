"""What it costs to know which code stands behind everything: cold, and with what earlier commands remembered.

    pytest benchmarks/bench_identity.py

Targets: the digests of every model within 30 ms where nothing changed, so that `genharness run --plan` takes at most
5 % longer for them; everything from scratch, as after an upgrade, within 2 s of an idle core.
"""

from __future__ import annotations

import pytest

from genharness.identity import kept
from genharness.identity.parts import registered_code, training_codes
from genharness.plugin.registry import load_registry


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def everything(registry):
    training_codes(registry, registry.models)
    for kind in (registry.metrics, registry.extractors, registry.datasets):
        for name in kind:
            registered_code(kind, name)


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path))


def test_every_model_where_nothing_changed(benchmark, registry, own_home):
    training_codes(registry, registry.models)

    def fresh():
        kept._opened.cache_clear()  # as another command would begin
        training_codes(registry, registry.models)

    benchmark.pedantic(fresh, rounds=20, warmup_rounds=1)


def test_every_part_from_scratch(benchmark, registry, tmp_path, monkeypatch):
    homes = iter(range(100))

    def forget():
        monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path / str(next(homes))))

    benchmark.pedantic(lambda: everything(registry), setup=forget, rounds=3)
