"""Whether options that are said to be of sampling alone leave training as it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from genharness.errors import ConfigError
from genharness.spec.options import Option, build_config, options_of
from genharness.spec.plugins import ModelSpec
from genharness.testing.check import must
from genharness.testing.rig import Rig
from genharness.testing.synthetic import synthetic_data

__all__ = ["check_stages", "has_stages"]


def has_stages(spec: ModelSpec) -> bool:
    """Whether a model is trained and has options of sampling."""
    return spec.trained and any(one.stage == "sample" for one in options_of(spec.config))


def check_stages(spec: ModelSpec, shape: Mapping[str, Any]) -> None:
    """Cells that differ in options of sampling share one training: it must come out the same, bit for bit.

    Args:
        spec: The model.
        shape: Arguments of `synthetic_data`.
    """
    options = dict(spec.recipes["smoke"].options)
    wanted, otherwise = _trained(spec, shape, options), dict(options)
    changed = {}
    for one in options_of(spec.config):
        found = _another(spec, one, otherwise) if one.stage == "sample" else None
        if found is not None:
            changed[one.name] = otherwise[one.name] = found
    if _same(wanted, _trained(spec, shape, otherwise)):
        return
    guilty = [
        name
        for name, value in changed.items()
        if _is_right(spec, {**options, name: value})
        and not _same(wanted, _trained(spec, shape, {**options, name: value}))
    ]
    must(False, f"training depends on {', '.join(guilty or changed)}, declared with stage='sample'")


def _another(spec: ModelSpec, one: Option, options: Mapping[str, Any]) -> Any:
    """Return another value that the Config takes beside the others, or None where none was found."""
    now = options.get(one.name, one.default)
    return next((value for value in _others(one, now) if _is_right(spec, {**options, one.name: value})), None)


def _others(one: Option, now: Any) -> Iterator[Any]:
    if one.choices:
        yield from (choice for choice in one.choices if choice != now)
    elif one.type is bool:
        yield not now
    elif one.type in (int, float):
        step = 1 if one.type is int else 0.5
        yield from (one.type(value) for value in ((now or 0) + step, (now or 0) - step, (now or 1) / 2) if value != now)


def _is_right(spec: ModelSpec, options: Mapping[str, Any]) -> bool:
    try:
        build_config(spec.name, spec.config, options)
    except ConfigError:
        return False
    return True


def _trained(spec: ModelSpec, shape: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Tensor]:
    smoke = dataclasses.replace(spec.recipes["smoke"], options=options)
    rig = Rig(dataclasses.replace(spec, recipes={**spec.recipes, "smoke": smoke}), synthetic_data(**shape), steps=2)
    model = rig.build()
    torch.manual_seed(1)
    losses = rig.train(model)
    rig.finish(model)
    taken = {f"losses of step {step}": torch.tensor(list(values.values())) for step, values in enumerate(losses)}
    return {**model.state_dict(), **taken}


def _same(one: Mapping[str, Tensor], two: Mapping[str, Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)
