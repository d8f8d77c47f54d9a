"""Specs held against what they must be, before anything believes a field of theirs: all that needs no factory."""

from __future__ import annotations

import dataclasses
import math
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Literal, get_args

from genharness.errors import PluginError, did_you_mean
from genharness.spec.capabilities import parse_capability
from genharness.spec.length import parse_length
from genharness.spec.options import option_errors, options_of
from genharness.spec.plugins import ExecutorSpec, MetricSpec, ModelSpec, Need, Spec

__all__ = ["BUDGETS", "checked"]

BUDGETS = ("smoke", "standard", "paper")
"""The named recipes that every model has."""

_NO_CACHES = ("data", "downloads")
"""Folders of `$GENHARNESS_HOME` that hold what cannot be had again at once: no plugin's cache, which may be cleared."""

_NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
_LONGEST_NAME = 100
_LARGEST_BATCH = 2**31 - 1
_LONGEST_NUMBER = 40  # characters


def checked(spec: Any, record: type[Spec]) -> Spec:
    """Return a spec after checking all that can be checked without importing its factory.

    Args:
        spec: What a hook returned.
        record: The class that it must be of.

    Raises:
        PluginError: For the first thing that is wrong; the message names the field.
    """
    if not isinstance(spec, record):
        raise PluginError(f"it returned {type(spec).__name__} where {record.__name__} is expected")
    if not isinstance(spec.name, str) or not _NAME.fullmatch(spec.name) or len(spec.name) > _LONGEST_NAME:
        shown = _shown(spec.name)
        raise PluginError(f"the name {shown} must be lower-case letters and digits joined by hyphens")
    if isinstance(spec, ModelSpec):
        _check_capabilities(spec)
    if isinstance(spec, MetricSpec):
        _check_needs(spec)
    if wrong := _misfit(spec, type(spec)):
        raise PluginError(f"{spec.name}: its {wrong}")
    _check_references(spec)
    _check_stages(spec)
    for folder in spec.caches:
        if not _NAME.fullmatch(folder) or folder in _NO_CACHES:
            raise PluginError(f"{spec.name}: {folder!r} cannot be the name of a cache of its own")
    if isinstance(spec, ModelSpec):
        _check_recipes(spec)
    if isinstance(spec, MetricSpec):
        _check_columns(spec)
    return spec


def _check_references(spec: Spec) -> None:
    queue = spec.queue if isinstance(spec, ExecutorSpec) else ""
    for field, value in {"factory": spec.factory, **({"queue": queue} if queue else {})}.items():
        if not re.fullmatch(r"[\w.]+:[\w.]+", value):
            raise PluginError(f"{spec.name}: {field} {_shown(value)} must read 'module:attribute'")


def _check_stages(spec: Spec) -> None:
    """Only of a model has a value of sampling a place in cells."""
    drawn = [one.name for one in options_of(spec.config) if one.stage == "sample"]
    if drawn and not isinstance(spec, ModelSpec):
        raise PluginError(f"{spec.name}: its option {drawn[0]} has the stage sample, which only a model's can have")


def _check_recipes(spec: ModelSpec) -> None:
    missing = [budget for budget in BUDGETS if budget not in spec.recipes]
    if missing:
        raise PluginError(f"{spec.name}: no recipe for {', '.join(missing)}")
    for budget, recipe in spec.recipes.items():
        parse_length(recipe.length)
        errors = option_errors(spec.name, spec.config, recipe.options)
        if errors:
            raise PluginError(f"recipe {budget}: {errors[0]}")
        for name, (fits, words) in _OF_RECIPES.items():
            if not fits(getattr(recipe, name)):
                raise PluginError(
                    f"{spec.name}: recipe {budget}: {name} is {_shown(getattr(recipe, name))}, not {words}"
                )


_Bounds = Mapping[str, tuple[Callable[[Any], bool], str]]

_OF_RECIPES: _Bounds = {
    "batch_size": (lambda value: 1 <= value <= _LARGEST_BATCH, f"from 1 to {_LARGEST_BATCH:,}"),
    "ema": (lambda value: value is None or 0 <= value < 1, "a decay from 0 below 1, or None"),
    "ema_kimg": (lambda value: value is None or 0 < value < math.inf, "a number above 0, or None"),
    "step_ms": (lambda value: 0 <= value < math.inf, "a time from 0"),
    "full_up_to": (lambda value: value is None or value >= 1, "a side from 1, or None"),
}
_OF_COLUMNS: _Bounds = {
    "key": (
        lambda value: re.fullmatch(r"[a-z0-9_]{1,100}", value) is not None,
        "lower-case letters, digits, underscores",
    ),
    "format": (lambda value: _formats(value), "a format of numbers such as .3f"),
    "resolution": (
        lambda value: isinstance(value, str) or 0 <= value < math.inf,
        "a step from 0, or the name of a fact",
    ),
    "collapse_below": (lambda value: value is None or 0 < value < 1, "a share in (0, 1), or None"),
}


def _check_columns(spec: MetricSpec) -> None:
    """Columns are shown in every table: one that cannot be would cost them all."""
    keys = [column.key for column in spec.columns]
    if not keys or len(set(keys)) < len(keys):
        raise PluginError(f"{spec.name}: its columns are {_shown(keys)}: give one at least, and each a key of its own")
    for column in spec.columns:
        for name, (fits, words) in _OF_COLUMNS.items():
            if not fits(getattr(column, name)):
                raise PluginError(f"{spec.name}: its columns: {name} is {_shown(getattr(column, name))}, not {words}")


def _formats(text: str) -> bool:
    try:
        return all(len(format(value, text)) <= _LONGEST_NUMBER for value in (0.0, -1.5, 1e9, math.nan))
    except (ValueError, TypeError, OverflowError, MemoryError):
        return False


def _check_capabilities(spec: ModelSpec) -> None:
    for declared in spec.capabilities if isinstance(spec.capabilities, tuple | list) else ():
        try:
            parse_capability(declared)
        except PluginError as error:
            raise PluginError(f"{spec.name}: {error}") from error


def _check_needs(spec: MetricSpec) -> None:
    known = get_args(Need)
    for need in spec.needs if isinstance(spec.needs, tuple | list) else ():
        if need not in known:
            raise PluginError(f"{spec.name}: unknown need {need!r}{did_you_mean(str(need), known)}")


# --- Any field against its annotation. A value may be anything at all here, so nothing of it is called but `type`,
# `isinstance` and `repr`, the last of which `_shown` contains.


def _misfit(value: Any, kind: Any) -> str:
    """Return what is wrong with a field of a dataclass, such as `channels is None, not a tuple`, or nothing."""
    for name, fits, words in _fields(kind):
        found = getattr(value, name)
        if not fits(found):
            return f"{name} is {_shown(found)}, not {words}"
        for part in _parts(found):
            if dataclasses.is_dataclass(part) and (wrong := _misfit(part, type(part))):
                return f"{name}: {wrong}"
    return ""


_PLAIN = frozenset({str, int, float, bool, type(None)})


def _parts(value: Any) -> Sequence[Any]:
    """Return what may be a dataclass with fields of its own inside a field."""
    if type(value) in _PLAIN:  # most of thousands of fields, at each start
        return ()
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, tuple | list) else [] if isinstance(value, type) else [value]


@cache
def _fields(kind: Any) -> list[tuple[str, Callable[[Any], bool], str]]:
    hints = typing.get_type_hints(kind)
    return [(item.name, _fits(hints[item.name]), _words(hints[item.name])) for item in dataclasses.fields(kind)]


def _fits(hint: Any) -> Callable[[Any], bool]:
    """Return whether a value is of an annotated type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or hint is object:
        return lambda value: True
    if origin is Literal:
        return lambda value: isinstance(value, str) and value in arguments
    if origin in (typing.Union, types.UnionType):
        choices = [_fits(argument) for argument in arguments]
        return lambda value: any(fits(value) for fits in choices)
    if origin is tuple:
        item = _fits(arguments[0])
        return lambda value: isinstance(value, tuple | list) and all(item(one) for one in value)
    if origin is Mapping:
        key, item = _fits(arguments[0]), _fits(arguments[1])
        return lambda value: isinstance(value, Mapping) and all(key(k) and item(v) for k, v in value.items())
    if hint is float:
        return lambda value: isinstance(value, float | int) and not isinstance(value, bool)
    if hint is int:
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    return lambda value: isinstance(value, origin or hint)


def _words(hint: Any) -> str:
    """Return an annotation for people."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_words(argument) for argument in arguments)
    if origin is tuple:
        return f"a tuple of {_words(arguments[0])}"
    if origin is Mapping:
        return f"a mapping of {_words(arguments[0])} to {_words(arguments[1])}"
    known = {str: "text", int: "a whole number", float: "a number", bool: "true or false", type(None): "None"}
    return known.get(hint, f"{getattr(hint, '__name__', hint)}")


def _shown(value: Any) -> str:
    try:
        text = " ".join(repr(value).split())
    except Exception:  # whatever a stranger's __repr__ does
        text = f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."
