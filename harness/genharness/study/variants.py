"""The points of one model that a study asks for: grids, zipped axes, ablations; and what tells its cells apart.

A point is a plain mapping of settings, of which the planner makes an ordinary cell. Lists in `--set`, `--sweep` and
`[sweep.MODEL]` are axes; `[ablate.MODEL]` changes one thing at a time from the base that `[set.MODEL]` describes.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genharness.errors import ConfigError, attempt, did_you_mean, refuse, shown
from genharness.spec.cell import Cell
from genharness.spec.naming import differing_settings, setting_word
from genharness.spec.options import Option, check_value, no_option, options_of
from genharness.spec.plugins import ModelSpec
from genharness.study.axes import as_written, checked_values, has_several, listed_values, swept_values

__all__ = ["MOST_VARIANTS", "Grid", "Point", "read_ablation", "read_changes", "read_grid", "told_apart"]

MOST_VARIANTS = 10_000
"""Points that one model may be spread over."""

_ZIP, _EXCLUDE = "zip", "exclude"
Point = dict[str, Any]


@dataclass(frozen=True)
class Grid:
    """What the settings of one model span.

    Attributes:
        fixed: What every point has.
        axes: What varies: each axis as the settings that its steps change; zipped options step together.
        excluded: Points that hold all settings of one of these are left out.
    """

    fixed: Mapping[str, Any]
    axes: Sequence[Sequence[Mapping[str, Any]]] = ()
    excluded: Sequence[Mapping[str, Any]] = ()

    @property
    def size(self) -> int:
        """Number of points before any is left out."""
        return math.prod(len(axis) for axis in self.axes)

    def points(self) -> list[Point]:
        """Return the settings of every point, the last axis fastest."""
        made = (
            {name: value for step in steps for name, value in step.items()} for steps in itertools.product(*self.axes)
        )
        excluded: dict[tuple[str, ...], set[tuple[Any, ...]]] = defaultdict(set)
        for one in self.excluded:
            names = tuple(sorted(one))
            excluded[names].add(tuple(one[name] for name in names))
        return [
            {**self.fixed, **point}
            for point in made
            if not any(tuple(point[name] for name in names) in values for names, values in excluded.items())
        ]


def read_grid(
    spec: ModelSpec, values: Mapping[str, Any], sweep: Mapping[str, Any] | None = None, shared: Sequence[Option] = ()
) -> Grid:
    """Return what the settings of a model span.

    Args:
        spec: The model.
        values: Its settings; lists among them are axes.
        sweep: Its axes as `[sweep.MODEL]` has them, with `zip` and `exclude` beside the options.
        shared: Options that it has beside those of its Config.

    Raises:
        ConfigError: For every mistake in the axes, one line each; fixed settings are not looked at.
    """
    known = {one.name: one for one in (*options_of(spec.config), *shared)}
    written, mistakes = _axes_of(spec, values, sweep or {}, known)
    axes: dict[str, list[Any]] = {}
    for name, several in written.items():
        axes[name], more = checked_values(f"{spec.name}.{name}", known[name], several)
        mistakes += more
    refuse(mistakes)
    blocks, unzipped = attempt(lambda: _blocks(spec, axes, (sweep or {}).get(_ZIP)))
    excluded, strange = attempt(lambda: _excluded(spec, axes, (sweep or {}).get(_EXCLUDE), known))
    refuse([*unzipped, *strange])
    grid = Grid({name: value for name, value in values.items() if name not in axes}, blocks or (), excluded or ())
    if grid.size > MOST_VARIANTS:
        raise ConfigError(f"{spec.name}: {grid.size:,} combinations of values are too many: at most {MOST_VARIANTS:,}")
    if excluded and not grid.points():
        raise ConfigError(f"sweep.{spec.name}.exclude leaves no point: exclude fewer")
    return grid


def _axes_of(
    spec: ModelSpec, values: Mapping[str, Any], sweep: Mapping[str, Any], known: Mapping[str, Option]
) -> tuple[dict[str, list[Any]], list[str]]:
    """Return the values of every option that has several, as written, and every mistake."""
    axes: dict[str, list[Any]] = {}
    mistakes: list[str] = []
    for name, value in values.items():
        try:
            found = listed_values(known.get(name), value, f"{spec.name}.{name}")
        except ConfigError as error:
            mistakes += error.lines
        else:
            axes |= {name: found} if found is not None else {}
    for name, value in sweep.items():
        if name in (_ZIP, _EXCLUDE):
            continue
        if name not in known:
            mistakes.append(no_option(spec.name, name, known, " to sweep"))
        elif name in values:
            mistakes.append(f"{spec.name}.{name} is set and swept: leave one of them out")
        else:
            try:
                axes[name] = swept_values(f"{spec.name}.{name}", known[name], value)
            except ConfigError as error:
                mistakes += error.lines
    return axes, mistakes


def _blocks(spec: ModelSpec, axes: Mapping[str, Sequence[Any]], zipped: Any) -> list[list[Mapping[str, Any]]]:
    """Return the axes, those that are zipped as one, at the place of the first of them."""
    groups = _zip_groups(spec, axes, zipped)
    together = {name: group for group in groups for name in group}
    blocks: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for name in axes:
        group = together.get(name, (name,))
        steps = dict.fromkeys(zip(*(axes[one] for one in group), strict=True))  # a step that is written twice is one
        blocks.setdefault(group, [dict(zip(group, step, strict=True)) for step in steps])
    return list(blocks.values())


def _zip_groups(spec: ModelSpec, axes: Mapping[str, Sequence[Any]], zipped: Any) -> list[tuple[str, ...]]:
    if zipped is None:
        return []
    where = f"sweep.{spec.name}.zip"
    if isinstance(zipped, str):
        zipped = [[name.strip() for name in part.split(",")] for part in zipped.split(";")]
    if isinstance(zipped, (list, tuple)) and zipped and all(isinstance(name, str) for name in zipped):
        zipped = [zipped]
    if not (
        isinstance(zipped, (list, tuple)) and all(isinstance(one, (list, tuple)) and len(one) > 1 for one in zipped)
    ):
        raise ConfigError(f'{where} must be lists of two options or more, such as [["lr", "batch_size"]]')
    groups = [tuple(map(str, one)) for one in zipped]
    named = [name for group in groups for name in group]
    mistakes = [
        f"{where} names {shown(name)!r}, which has no several values{did_you_mean(name, axes)}"
        for name in named
        if name not in axes
    ]
    mistakes += [f"{where} names {shown(name)!r} twice" for name, count in Counter(named).items() if count > 1]
    refuse(mistakes)
    for group in groups:
        if len({len(axes[name]) for name in group}) > 1:
            lengths = ", ".join(f"{name} has {len(axes[name])} values" for name in group)
            mistakes.append(f"{where}: {lengths}: zipped options need equally many")
    refuse(mistakes)
    return groups


def _excluded(
    spec: ModelSpec, axes: Mapping[str, Sequence[Any]], written: Any, known: Mapping[str, Option]
) -> list[Mapping[str, Any]]:
    if written is None:
        return []
    where = f"sweep.{spec.name}.exclude"
    written = [written] if isinstance(written, Mapping) else written
    if not isinstance(written, (list, tuple)) or not all(isinstance(one, Mapping) and one for one in written):
        raise ConfigError(f"{where} must be a list of tables, such as [{{ lr = 5e-4, batch_size = 32 }}]")
    mistakes: list[str] = []
    found: list[Mapping[str, Any]] = []
    has = {name: set(values) for name, values in axes.items()}
    for one in written:
        read = {}
        for name, value in one.items():
            if name not in axes:
                mistakes.append(f"{where} names {shown(name)!r}, which has no several values{did_you_mean(name, axes)}")
                continue
            read[name], wrong = attempt(functools.partial(check_value, f"{where}: {name}", known[name], value))
            mistakes += wrong
            if not wrong and read[name] not in has[name]:
                mistakes.append(f"{where}: {name}={shown(value)} is none of its values, {as_written(axes[name])}")
        found.append(read)
    refuse(mistakes)
    return found


def read_ablation(
    spec: ModelSpec, values: Mapping[str, Any], ablate: Mapping[str, Any], shared: Sequence[Option] = ()
) -> list[Point]:
    """Return the base of an ablation, and behind it the points of `read_changes`, which reads and refuses alike."""
    return [dict(values), *(point for _, point in read_changes(spec, values, ablate, shared))]


def read_changes(
    spec: ModelSpec, values: Mapping[str, Any], ablate: Mapping[str, Any], shared: Sequence[Option] = ()
) -> list[tuple[str, Point]]:
    """Return a point for each single change of an ablation, each behind the option that it changes.

    Args:
        spec: The model.
        values: Its settings: the base.
        ablate: What is changed, one at a time: a value or several by option.
        shared: Options that it has beside those of its Config.

    Raises:
        ConfigError: For every mistake, one line each.
    """
    known = {one.name: one for one in (*options_of(spec.config), *shared)}
    mistakes = [
        f"{spec.name}.{name} has several values, and an ablation one base: give it one, or leave one of them out"
        for name, value in values.items()
        if has_several(known.get(name), value)
    ]
    changes: list[tuple[str, Point]] = []
    for name, value in ablate.items():
        if name not in known:
            mistakes.append(no_option(spec.name, name, known, " to ablate"))
            continue
        try:
            several = swept_values(f"{spec.name}.{name}", known[name], value)
        except ConfigError as error:
            mistakes += error.lines
            continue
        good, more = checked_values(f"{spec.name}.{name}", known[name], several)
        mistakes += more
        changes += [(name, {**values, name: one}) for one in dict.fromkeys(good)]
    refuse(mistakes)
    return changes


_TOLD = ("length", "budget", "batch_size", "ema", "mirror", "balanced", "device", "precision", "compiled")
"""What tells cells of one model and dataset apart beside its options."""


def told_apart(cells: Iterable[Cell]) -> dict[str, str]:
    """Return the name of each cell's model by the cell's id, with the settings in which others of its model differ.

    Args:
        cells: Such as those of a plan.
    """
    of_model: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        of_model[cell.model, cell.dataset].append(cell)
    return {cell.id: words for same in of_model.values() for cell, words in _words(same)}


def _words(same: Sequence[Cell]) -> Iterable[tuple[Cell, str]]:
    """Name cells of one model on one dataset; those of other seeds share their options, which are looked at once."""
    alike: dict[tuple[Any, ...], list[Cell]] = defaultdict(list)
    for cell in same:
        alike[(id(cell.options), id(cell.sampling), *(getattr(cell, name) for name in _TOLD))].append(cell)
    flat = [_settings(cells[0]) for cells in alike.values()]
    differing = differing_settings(flat)
    for cells, settings in zip(alike.values(), flat, strict=True):
        words = " ".join(
            [cells[0].model, *(f"{name}={setting_word(settings[name])}" for name in differing if name in settings)]
        )
        yield from ((cell, words) for cell in cells)


def _settings(cell: Cell) -> dict[str, Any]:
    return {**cell.every_option, **{name: getattr(cell, name) for name in _TOLD}}
