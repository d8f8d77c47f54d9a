"""What every model must do."""

from __future__ import annotations

import copy
import dataclasses
import functools
import gc
import io
import math
import unittest
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from genharness.errors import GenharnessError
from genharness.kit.model import Decodes, GenerativeModel, Interpolates
from genharness.kit.precision import autocast
from genharness.measure.capabilities import able
from genharness.spec.capabilities import CAPABILITIES
from genharness.spec.plugins import ModelSpec
from genharness.testing.capabilities import check_capabilities
from genharness.testing.check import Check, must
from genharness.testing.one_device import META, OneDevice
from genharness.testing.rig import Rig
from genharness.testing.stages import check_stages, has_stages
from genharness.testing.synthetic import CLASSES, COLUMNS, synthetic_data

__all__ = ["SIZES", "model_checks"]

SIZES = (8, 16, 28, 32, 64)
"""Image sides that a model is tried at, where its spec allows them."""


def model_checks(specs: ModelSpec | Iterable[ModelSpec], *, exhaustive: bool = False) -> list[Check]:
    """Return the checks of some models, each trained by the options of its smoke recipe for a few steps.

    Args:
        specs: One spec, or what a `genharness_models` hook returns.
        exhaustive: Try every size of `SIZES` with every number of channels, and take more steps, instead of
            the smallest size with one channel and the next with three.
    """
    many = [specs] if isinstance(specs, ModelSpec) else specs
    return [check for spec in many for check in _all_checks_of(spec, exhaustive)]


def _all_checks_of(spec: ModelSpec, exhaustive: bool) -> Iterable[Check]:
    if spec.argument and spec.argument not in spec.recipes["smoke"].options:
        return [Check(f"{spec.name}: is built of its argument", functools.partial(_wants_its_argument, spec))]
    return (*_checks_of(_plain(spec), exhaustive), *_checks_with_classes(spec))


def _wants_its_argument(spec: ModelSpec) -> None:
    """A model that is named with an argument is built of it."""
    raise unittest.SkipTest(f"{spec.name} is nothing without its {spec.argument}: check spec.given(...) with one")


def _plain(spec: ModelSpec) -> ModelSpec:
    return spec.configured(spec.recipes["smoke"].options)


def _checks_with_classes(spec: ModelSpec) -> list[Check]:
    """Return what a model that may learn classes must do where it does."""
    if _plain(spec) is spec:
        return []
    smoke = spec.recipes["smoke"]
    options = {**smoke.options, "conditional": True}
    recipes = {**spec.recipes, "smoke": dataclasses.replace(smoke, options=options)}
    with_classes = dataclasses.replace(spec, name=f"{spec.name} with classes", recipes=recipes).configured(options)
    wanted = ("works with", "comes back from", "makes what is", "keeps to one")
    return [check for check in _checks_of(with_classes, False) if check.name.partition(": ")[2].startswith(wanted)]


def _checks_of(spec: ModelSpec, exhaustive: bool) -> list[Check]:
    shapes = _shapes(spec, exhaustive)
    first = next(iter(shapes.values()))
    steps = 200 if exhaustive else 60
    checks: dict[str, Callable[[], None]] = {
        f"works with {name}": functools.partial(_works, spec, shape) for name, shape in shapes.items()
    }
    checks["repeats under a seed"] = functools.partial(_repeats, spec, first)
    checks["keeps modes and random state"] = functools.partial(_keeps_state, spec, first)
    checks["comes back from a checkpoint"] = functools.partial(_checkpoint, spec, first)
    if not spec.needs_labels:
        checks["works without labels"] = functools.partial(_works, spec, {**first, "labelled": False})
    if spec.can("conditions"):
        checks["makes what is asked for"] = functools.partial(_conditional, spec, first)
    if spec.trained:
        checks["learns"] = functools.partial(_learns, spec, first, steps)
        checks["leaves nothing behind"] = functools.partial(_leaves_nothing, spec, first, steps)
        for precision in ("fp32", "bf16"):
            checks[f"moves in {precision}"] = functools.partial(_moves, spec, first, precision)
        checks["keeps to one device"] = functools.partial(_one_device, spec, first)
    if has_stages(spec):
        checks["trains alike however it is drawn from"] = functools.partial(check_stages, spec, first)
    if spec.finite:
        checks["gives no more than there is"] = functools.partial(_finite, spec, first)
    cuda = Check(f"{spec.name}: works on CUDA", functools.partial(_works, spec, first, "cuda"), gpu=True)
    return [*(Check(f"{spec.name}: {name}", run) for name, run in checks.items()), cuda]


def _shapes(spec: ModelSpec, exhaustive: bool) -> dict[str, dict[str, Any]]:
    """Return arguments of `synthetic_data` by a name for people, the cheapest first."""
    sizes = [size for size in SIZES if spec.min_size <= size <= (spec.max_size or size)]
    pairs = [(size, channels) for size in sizes for channels in spec.channels]
    if not exhaustive:
        pairs = list(dict.fromkeys([pairs[0], (sizes[min(1, len(sizes) - 1)], spec.channels[-1])]))
    shapes: dict[str, dict[str, Any]] = {}
    if "image" in spec.modalities:
        shapes |= {f"{size}x{size}x{channels}": {"size": size, "channels": channels} for size, channels in pairs}
    if "tabular" in spec.modalities:
        shapes[f"{COLUMNS} columns"] = {"tabular": True}
    return shapes


def _works(spec: ModelSpec, shape: Mapping[str, Any], device: str = "cpu") -> None:
    """Trains, fits and samples any number; its losses and declared capabilities are as the contract says."""
    rig = Rig(spec, synthetic_data(**shape), torch.device(device), steps=2)
    model = rig.build()
    for step in range(rig.steps) if spec.trained else ():
        _check_losses(model.training_step(rig.batch(step)))
    rig.finish(model)
    for n in (1, 5):
        rig.sample(model, n)
    check_capabilities(rig, model)


def _check_losses(losses: Mapping[str, Tensor]) -> None:
    must(losses, "training_step returned no losses")
    for name, value in losses.items():
        must(isinstance(value, Tensor), f"loss {name!r} is a {type(value).__name__}, not a tensor")
        must(value.ndim == 0, f"loss {name!r} has shape {tuple(value.shape)}: it must be a scalar")
        must(not value.requires_grad, f"loss {name!r} still holds its graph: return value.detach()")
        must(math.isfinite(float(value)), f"loss {name!r} is {float(value)}")


def _repeats(spec: ModelSpec, shape: Mapping[str, Any]) -> None:
    """The same seeds give the same losses and samples; another sampling seed gives others."""
    rig = Rig(spec, synthetic_data(**shape), steps=4)
    one, two = rig.build(), rig.build()
    torch.manual_seed(1)
    losses = rig.train(one)
    torch.manual_seed(1)
    must(losses == rig.train(two), "two trainings under one seed have different losses")
    rig.finish(one)
    samples = rig.sample(one, 5, seed=1)
    must(torch.equal(samples, rig.sample(one, 5, seed=1)), "one generator seed gives different samples")
    must(not torch.equal(samples, rig.sample(one, 5, seed=2)), "two generator seeds give the same samples")


def _keeps_state(spec: ModelSpec, shape: Mapping[str, Any]) -> None:
    """Neither a step nor sampling changes modes or what is trainable; sampling draws from its generator only."""
    rig = Rig(spec, synthetic_data(**shape), steps=2)
    model = rig.build()
    before = _modes(model)
    rig.train(model)
    must(_modes(model) == before, "training_step changes train/eval modes or requires_grad and leaves them so")
    rig.finish(model)
    before, random = _modes(model), torch.get_rng_state()
    weights = copy.deepcopy(model.state_dict())
    rig.sample(model, 3)
    must(_modes(model) == before, "sample changes train/eval modes or requires_grad and leaves them so")
    must(torch.equal(random, torch.get_rng_state()), "sample draws from torch's global random state: use generator")
    must(_same(weights, model.state_dict()), "sample changes parameters or buffers")


def _modes(model: nn.Module) -> tuple[list[bool], list[bool]]:
    return [part.training for part in model.modules()], [weight.requires_grad for weight in model.parameters()]


def _checkpoint(spec: ModelSpec, shape: Mapping[str, Any]) -> None:
    """Training that goes on from a checkpoint, and a finished model that is loaded, are bit-identical."""
    rig = Rig(spec, synthetic_data(**shape))
    whole, half = rig.build(seed=0), rig.steps // 2
    rig.train(whole, stop=half)
    resumed = rig.build(seed=1)
    _load(resumed, _stored(whole))
    for model in (whole, resumed):
        torch.manual_seed(2)
        rig.train(model, start=half)
        torch.manual_seed(3)
        rig.finish(model)
    must(_same(whole.state_dict(), resumed.state_dict()), "training that goes on from a checkpoint takes another way")
    loaded = rig.build(seed=4).eval()
    _load(loaded, _stored(whole))
    must(torch.equal(rig.sample(whole, 4), rig.sample(loaded, 4)), "a loaded model gives other samples")


def _stored(model: GenerativeModel) -> dict[str, Any]:
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "training": model.training_state()}, file)
    file.seek(0)
    content: dict[str, Any] = torch.load(file, weights_only=True)
    return content


def _load(model: GenerativeModel, content: Mapping[str, Any]) -> None:
    model.load_state_dict(content["model"])
    model.load_training_state(content["training"])


def _same(one: Mapping[str, Tensor], two: Mapping[str, Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def _learns(spec: ModelSpec, shape: Mapping[str, Any], steps: int) -> None:
    """A loss called `loss` goes down, else (a game of two players) some loss moves; every part is trained."""
    rig = Rig(spec, synthetic_data(**shape), steps=steps)
    model = rig.build()
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    history = rig.train(model)
    must(all(losses.keys() == history[0].keys() for losses in history), "the names of the losses change over training")
    quarter = steps // 4
    early, late = _means(history[:quarter]), _means(history[-quarter:])
    must(all(math.isfinite(value) for value in late.values()), f"a loss is not finite: {late}")
    if "loss" in early:
        must(late["loss"] < early["loss"], f"loss went from {early['loss']:.4g} to {late['loss']:.4g}")
    else:
        moved = any(abs(late[name] - early[name]) > 1e-3 * abs(early[name]) for name in early)
        must(moved, f"no loss moved: {early} to {late}")
    changed = [name for name, weight in model.named_parameters() if not torch.equal(weight, before[name])]
    idle = {name.partition(".")[0] for name in before} - {name.partition(".")[0] for name in changed}
    must(not idle, f"training never changes {sorted(idle)}")


def _means(history: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: sum(losses[name] for losses in history) / len(history) for name in history[0]}


def _leaves_nothing(spec: ModelSpec, shape: Mapping[str, Any], steps: int) -> None:
    """As many tensors live after many steps as after the first few, early and late in training."""
    rig = Rig(spec, synthetic_data(**shape), steps=steps)
    model = rig.build()
    gc.collect()
    gc.freeze()  # what was there before is not looked through again: a collection would take a second
    try:
        for progress in (0.1, 0.9):
            few, many = (_live_after(rig, model, progress, count) for count in (8, steps // 2))
            must(many <= few, f"steps leave tensors behind: {few} after 8 steps, {many} after {steps // 2} more")
    finally:
        gc.unfreeze()


def _live_after(rig: Rig, model: GenerativeModel, progress: float, count: int) -> int:
    for step in range(count):
        model.training_step(dataclasses.replace(rig.batch(step % 4, progress), step=step))
    gc.collect()
    return sum(issubclass(type(one), Tensor) for one in gc.get_objects())


def _moves(spec: ModelSpec, shape: Mapping[str, Any], precision: str) -> None:
    """One step early in training and one late leave no parameter where it was, unless its gradient is zero.

    A gradient that never came is another thing: a weight that no gradient reaches under a precision stays for ever.
    """
    rig = Rig(spec, synthetic_data(**shape))
    model = rig.build()
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    for step, progress in enumerate((0.05, 0.95)):
        with autocast(rig.device, precision):
            _check_losses(model.training_step(rig.batch(step, progress)))
    still = [name for name, weight in model.named_parameters() if torch.equal(weight, before[name])]
    lost = [name for name in still if not _has_zero_gradient(model.get_parameter(name))]
    must(not lost, f"two steps under {precision} never move {', '.join(lost)}")
    rig.finish(model)
    with autocast(rig.device, precision):
        rig.sample(model, 3)


def _has_zero_gradient(weight: nn.Parameter) -> bool:
    return weight.grad is not None and not bool(weight.grad.any())


def _one_device(spec: ModelSpec, shape: Mapping[str, Any]) -> None:
    """Building, steps, sampling and capabilities use tensors of the model's own device only, and wait for none.

    On the meta device, so that what would break on CUDA, or make a step wait there, is found on every machine.
    """
    try:
        _run_on_meta(spec, shape)
    except NotImplementedError as error:
        raise unittest.SkipTest(f"torch has no meta form of an operation: {error}") from error


def _run_on_meta(spec: ModelSpec, shape: Mapping[str, Any]) -> None:
    rig = Rig(spec, synthetic_data(**shape), META)
    model = rig.build()
    for step, progress in enumerate((0.05, 0.95)):
        batch = rig.batch(step, progress)
        with OneDevice():
            losses = model.training_step(batch)
        elsewhere = [name for name, value in losses.items() if value.device != META]
        must(not elsewhere, f"losses {elsewhere} are not on the device of the batch")
    x, labels = batch.data[:3], batch.labels[:3] if spec.can("conditions") and batch.labels is not None else None
    with torch.no_grad(), OneDevice():
        samples = model.eval().sample(3, labels=labels, generator=rig.generator(0))
        must(samples.device == META, f"sample gives tensors on {samples.device}: use generator.device")
        for capability in CAPABILITIES.values():
            if capability.name != "decoder" and capability.method and able(model, capability):
                getattr(model, capability.method)(x)
        if isinstance(model, Decodes):
            latents = model.draw_latents(3, labels=labels, generator=rig.generator(0))
            must(latents.device == META, f"draw_latents gives tensors on {latents.device}: use generator.device")
            model.decode_latents(latents, labels)
        if isinstance(model, Interpolates):
            model.interpolate(2, 3, generator=rig.generator(0))


def _conditional(spec: ModelSpec, shape: Mapping[str, Any]) -> None:
    """With one and the same noise, another class makes other samples, after some steps or some more."""
    must(
        any(_labels_change(Rig(spec, synthetic_data(**shape), steps=steps)) for steps in (40, 120)),
        "the spec declares 'conditions', and labels change nothing",
    )


def _labels_change(rig: Rig) -> bool:
    model = rig.fitted()
    one, two = (rig.sample(model, 8, labels=torch.full((8,), label)) for label in (0, CLASSES - 1))
    return not torch.allclose(one, two)


def _finite(spec: ModelSpec, shape: Mapping[str, Any]) -> None:
    """It refuses to give more samples than the held-out split has, with a one-line error."""
    rig = Rig(spec, synthetic_data(**shape))
    model = rig.fitted()
    held = len(rig.data.samples("test"))
    samples = rig.sample(model, held).flatten(1)
    distinct = len(np.unique(rig.data.samples("test"), axis=0))
    must(len(samples.unique(dim=0)) == distinct, "it gives a held-out sample twice")
    try:
        rig.sample(model, held + 1)
    except GenharnessError:
        return
    must(False, f"it gave {held + 1} samples where {held} are held out: raise RunError")
