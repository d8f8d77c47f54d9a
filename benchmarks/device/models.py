"""Training steps and latency of a model."""

from __future__ import annotations

import torch

from genharness.data import PreparedData
from genharness.engine.arithmetic import set_arithmetic
from genharness.engine.average import WeightAverage
from genharness.engine.build import build_model
from genharness.engine.costs.clock import Clock
from genharness.engine.costs.footprint import peak_memory, reset_peak
from genharness.engine.costs.latency import sampling_speed
from genharness.engine.feed import Feeder
from genharness.engine.loop import Trainer
from genharness.engine.random_state import seed_everything
from genharness.engine.sampler import Sampler
from genharness.engine.warm_up import warm_up
from genharness.kit.model import FitsData, GenerativeModel
from genharness.plugin.registry import load_registry
from genharness.spec.length import Length
from genharness.spec.plugins import ModelSpec, Recipe
from genharness.testing import synthetic_data

PROBED = 10
"""Steps that tell how long one takes."""

SECONDS = 1.5
"""How long steps are timed, about."""

MOST = 500


def training(name: str, precision: str, device: str, small: bool) -> dict[str, float]:
    """Train a model for a moment, by the options of its standard recipe at 32 pixels (small: smoke, smallest size).

    Returns:
        Images per second and milliseconds of a step, warmed up, and the peak of device memory.

    Raises:
        DivergedError: If a loss is not finite.
    """
    place = torch.device(device)
    set_arithmetic(place, precision, deterministic=False)
    spec, recipe, data = _subject(name, small)
    batch = min(recipe.batch_size, 4) if small else recipe.batch_size
    model = _built(spec, recipe, data, place).train()
    trainer = Trainer(
        model=model,
        feeder=Feeder(data, batch, seed=0, device=place, resident=True),
        average=WeightAverage(model, recipe.ema),
        length=Length(1, "steps"),
        precision=precision,
        clock=Clock(place),
    )
    warm_up(model, trainer.feeder, trainer.average, precision)
    _train(trainer, 1 if small else PROBED)
    a_step = trainer.clock.seconds / trainer.step
    steps = 1 if small else int(min(max(SECONDS / a_step, PROBED), MOST))
    trainer.clock = Clock(place)
    reset_peak(place)
    _train(trainer, trainer.step + steps)
    seconds = trainer.clock.seconds / steps
    peaks = peak_memory(place)
    return {
        "images_per_second": batch / seconds,
        "step_ms": 1000 * seconds,
        "batch": float(batch),
        "steps": float(steps),
        "peak_mib": peaks.get("peak_accelerator_mib", peaks["peak_memory_mib"]),
    }


def latency(name: str, device: str, small: bool) -> dict[str, float]:
    """Return how long a model takes to sample, untrained, as every finished cell has it measured."""
    place = torch.device(device)
    set_arithmetic(place, "fp32", deterministic=False)
    spec, recipe, data = _subject(name, small)
    model = _built(spec, recipe, data, place)
    if isinstance(model, FitsData):
        model.fit(data)
    measured, sweep = sampling_speed(Sampler(model.eval(), name, "fp32"), None, 8 if small else 512)
    return {**measured, "largest_batch": max(sweep["batch_size"], default=0.0)}


def _subject(name: str, small: bool) -> tuple[ModelSpec, Recipe, PreparedData]:
    spec = load_registry().models.find(name)
    recipe = spec.recipes["smoke" if small else "standard"]
    data = synthetic_data(spec.min_size if small else 32, spec.channels[0 if small else -1])
    return spec.configured(recipe.options), recipe, data


def _built(spec: ModelSpec, recipe: Recipe, data: PreparedData, place: torch.device) -> GenerativeModel:
    seed_everything(0)
    return build_model(spec, recipe.options, data.shape, place)


def _train(trainer: Trainer, steps: int) -> None:
    trainer.length = Length(steps, "steps")
    trainer.train(
        on_progress=lambda progress: None,
        on_pause=lambda: None,
        on_score=lambda: None,
        should_stop=lambda: False,
        checkpoint_seconds=1e9,
    )
