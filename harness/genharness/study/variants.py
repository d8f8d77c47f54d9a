"""Several values of one option: `--set ddpm.steps=10,50,250`, or `steps = [10, 50, 250]` in a suite.

Options that only sampling reads may have several: each is a row of its own, drawn from one training. This is the one
place that reads lists; `spread` says which settings are meant by what was written.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from genharness.errors import ConfigError, refuse
from genharness.spec.cell import Cell
from genharness.spec.options import Option, options_of
from genharness.spec.plugins import ModelSpec, Spec
from genharness.spec.protocol import canonical_json

__all__ = ["MOST_VARIANTS", "spread", "told_apart"]

MOST_VARIANTS = 1000
"""Rows that one model may be spread over."""


def spread(spec: Spec, values: Mapping[str, Any], shared: Sequence[Option] = ()) -> list[dict[str, Any]]:
    """Return the settings that are meant: one for each combination of the values that options have.

    Args:
        spec: Whose settings they are.
        values: What was written, by option; lists of several values among them.
        shared: Options that it has beside those of its Config.

    Raises:
        ConfigError: For every option that may not have several values, one line each; or for too many combinations.
    """
    if not isinstance(spec, ModelSpec):
        return [dict(values)]
    known = {one.name: one for one in (*options_of(spec.config), *shared)}
    several = {name: found for name, value in values.items() if (found := _several(known.get(name), value)) is not None}
    refuse(line for name, found in several.items() for line in _wrong(spec, known[name], found))
    count = 1
    for found in several.values():
        count *= len(found)
    if count > MOST_VARIANTS:
        raise ConfigError(f"{spec.name}: {count:,} combinations of values are too many: at most {MOST_VARIANTS:,}")
    chosen = [dict(zip(several, one, strict=True)) for one in itertools.product(*several.values())]
    return [{**values, **one} for one in chosen]


def _several(option: Option | None, value: Any) -> list[Any] | None:
    """Return the values that a list holds; None where it is one value, or no option has it."""
    if option is None or option.type in (tuple, dict):
        return None
    if isinstance(value, (list, tuple)):
        return list(value)
    listed = isinstance(value, str) and "," in value and (option.type in (int, float, bool) or option.choices)
    return [part.strip() for part in value.split(",")] if listed else None


def _wrong(spec: ModelSpec, option: Option, values: Sequence[Any]) -> list[str]:
    name = f"{spec.name}.{option.name}"
    if not values or any(part in ("", None) or isinstance(part, (list, dict)) for part in values):
        return [f"{name}={','.join(map(str, values))} is no list of values: write one, or several with commas between"]
    if spec.trained and option.stage == "sample":
        return []
    return [f"{name}={','.join(map(str, values))}: only options of sampling have several values; run once for each"]


def told_apart(cells: Iterable[Cell]) -> dict[str, str]:
    """Return the name of each cell's model by the cell's id, with the sampling options in which its training's differ.

    Args:
        cells: Such as those of a plan.
    """
    by_training: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_training[cell.training_id if cell.sampling else cell.id].append(cell)
    return {cell.id: words for same in by_training.values() for cell, words in _words(same)}


def _words(same: Sequence[Cell]) -> Iterable[tuple[Cell, str]]:
    differing = [name for name in same[0].sampling if len({canonical_json(one.sampling.get(name)) for one in same}) > 1]
    for cell in same:
        yield cell, " ".join([cell.model, *(f"{name}={cell.sampling[name]}" for name in differing)])
