"""Whether a budget in seconds is kept, by every image model on digits.

    python benchmarks/bench_budget.py
    python benchmarks/bench_budget.py 10 'wgan*'

Prints how long training took, its longest step, and whether it was off by more than 5 % or two of those steps (which
says little of a model whose one step outlasts the budget), and for models that look at the whole data after their
last step how long that took.
"""

from __future__ import annotations

import sys
import time
from fnmatch import fnmatch

import torch
import torch._dynamo  # the first optimiser of a process imports it: seconds, which cells have behind them

from genharness.data import ensure_prepared
from genharness.engine.average import WeightAverage
from genharness.engine.build import build_model
from genharness.engine.costs.clock import Clock
from genharness.engine.feed import Feeder
from genharness.engine.loop import Trainer
from genharness.engine.random_state import seed_everything
from genharness.engine.threads import settle_threads
from genharness.kit.model import FitsData
from genharness.plugin.registry import load_registry
from genharness.spec.length import Length

SHARE, STEPS = 0.05, 2
CPU = torch.device("cpu")


def trained(spec, data, budget):
    """Train for a budget and return the seconds of it and of the longest step."""
    recipe = spec.recipes["standard"]  # what a budget in seconds means
    seed_everything(0)
    model = build_model(spec, recipe.options, data.shape, CPU)
    longest, step = 0.0, model.training_step

    def timed(batch):
        nonlocal longest
        start = time.perf_counter()
        losses = step(batch)
        longest = max(longest, time.perf_counter() - start)
        return losses

    model.training_step = timed
    trainer = Trainer(
        model=model,
        feeder=Feeder(data, recipe.batch_size, seed=0, device=CPU),
        average=WeightAverage(model, recipe.ema),
        length=Length(budget, "s"),
        precision="fp32",
        clock=Clock(CPU),
    )
    trainer.train(
        on_progress=lambda progress: None,
        on_pause=lambda: None,
        on_score=lambda: None,
        should_stop=lambda: False,
        checkpoint_seconds=1e9,
    )
    fitting = time.perf_counter()
    if isinstance(model, FitsData):
        with trainer.average.applied():
            model.fit(data)
    return trainer.clock.seconds, longest, time.perf_counter() - fitting


def main(budget, pattern):
    registry = load_registry()
    data = ensure_prepared(registry.datasets.find("digits"), "digits")
    settle_threads(data.shape)
    missed = 0
    for spec in registry.models.values():
        if not (spec.trained and "image" in spec.modalities and fnmatch(spec.name, pattern)):
            continue
        seconds, longest, fit = trained(spec, data, budget)
        kept = abs(seconds - budget) <= max(SHARE * budget, STEPS * longest)
        missed += not kept
        ended = "MISSED" if not kept else "kept" if longest < budget else "a step outlasts the budget"
        after = f"; {fit:.2f} s to fit the data" if fit > 0.1 else ""
        print(f"{spec.name:16} {seconds:6.2f} s, longest step {longest:5.2f} s: {ended}{after}", flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0, sys.argv[2] if len(sys.argv) > 2 else "*"))
