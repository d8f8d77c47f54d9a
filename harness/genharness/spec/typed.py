"""Values of a JSON file held against the annotations of a dataclass: nothing believes a file before it is typed.

Read are `str`, `int`, `float`, `bool`, None, `Literal`, unions, lists, tuples, mappings with text as keys, dataclasses,
`TypedDict`, and `Any` for whatever JSON holds, nested a bounded number of times.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Literal, TypeVar

__all__ = ["MOST_NESTED", "misfit", "typed"]

T = TypeVar("T")

MOST_NESTED = 32
"""Levels of lists and objects that `Any` may have: deeper ones would exhaust the stack of whoever copies them."""

_Check = Callable[[Any], str]
"""Returns an empty string for a value of the right type, else how a sentence goes on behind its name."""


def typed(kind: Callable[..., T], plain: object, *, others: bool = False) -> T:
    """Return an instance of a dataclass from the object that JSON holds, every field of it typed.

    Args:
        kind: The dataclass; fields that are dataclasses themselves are built too.
        plain: What was parsed.
        others: Whether keys that are no fields are passed over; else they are refused.

    Raises:
        ValueError: For the first field that is missing, unknown or of another type; the message names it.
    """
    wrong = _of_dataclass(kind, others)(plain)
    if wrong:
        raise ValueError(f"it{wrong}" if wrong.startswith(" is") else f"its {wrong.lstrip('.')}")
    built: T = _built(kind, typing.cast("Mapping[str, Any]", plain))
    return built


def misfit(value: object, hint: Any) -> str:
    """Return how a value differs from an annotation, such as `.fid is text, not a number`; empty where it fits."""
    return _check(hint)(value)


def _built(kind: Any, plain: Mapping[str, Any]) -> Any:
    values = {key: value for key, value in plain.items() if key in _fields(kind)}
    for name, inner in _nested(kind).items():
        if values.get(name) is not None:
            values[name] = _built(inner, values[name])
    for name in _tuples(kind) & values.keys():
        values[name] = tuple(values[name])
    return kind(**values)


@cache
def _fields(kind: Any) -> dict[str, Any]:
    """Return the annotation of every field."""
    hints = typing.get_type_hints(kind)
    return {item.name: hints[item.name] for item in dataclasses.fields(kind)}


@cache
def _nested(kind: Any) -> dict[str, Any]:
    """Return the dataclass of every field that is one, or None."""
    found = {name: [hint, *typing.get_args(hint)] for name, hint in _fields(kind).items()}
    return {name: one for name, hints in found.items() for one in hints if dataclasses.is_dataclass(one)}


@cache
def _tuples(kind: Any) -> frozenset[str]:
    return frozenset(name for name, hint in _fields(kind).items() if typing.get_origin(hint) is tuple)


@cache
def _check(hint: Any) -> _Check:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return _plain
    if origin in (typing.Union, types.UnionType):
        return _of_union(arguments)
    if origin is Literal:
        return _of_choices(arguments)
    if origin in (dict, Mapping):
        return _of_mapping(_check(arguments[1]))
    if origin in (list, tuple, Sequence):
        return _of_list(_check(arguments[0]))
    if typing.is_typeddict(hint):
        return _of_object(typing.get_type_hints(hint), hint.__required_keys__, others=True)
    if dataclasses.is_dataclass(hint):
        return _of_dataclass(typing.cast(Any, hint), False)
    return _of_type(hint)


def _of_type(kind: type) -> _Check:
    words = _WORDS[kind]
    if kind is not float:
        return lambda value: "" if type(value) is kind else f" is {_word(value)}, not {words}"

    def check(value: Any) -> str:
        number = type(value) is float or type(value) is int  # a bool is an int, and no number
        return "" if number and math.isfinite(value) else f" is {_word(value)}, not {words}"

    return check


def _of_union(arguments: tuple[Any, ...]) -> _Check:
    checks = [_check(argument) for argument in arguments]

    def check(value: Any) -> str:
        reasons = []
        for one in checks:
            reason = one(value)
            if not reason:
                return ""
            reasons.append(reason)
        return reasons[0]

    return check


def _of_choices(choices: tuple[object, ...]) -> _Check:
    def check(value: Any) -> str:
        if isinstance(value, str) and value in choices:
            return ""
        shown = repr(value[:40]) if isinstance(value, str) else _word(value)
        return f" is {shown}, none of {', '.join(map(str, choices))}"

    return check


def _of_mapping(item: _Check) -> _Check:
    def check(value: Any) -> str:
        if type(value) is not dict:
            return f" is {_word(value)}, not an object"
        for key, one in value.items():
            if wrong := item(one):
                return f".{key[:60]}{wrong}"
        return ""

    return check


def _of_list(item: _Check) -> _Check:
    def check(value: Any) -> str:
        if type(value) not in (list, tuple):
            return f" is {_word(value)}, not a list"
        for place, one in enumerate(value):
            if wrong := item(one):
                return f"[{place}]{wrong}"
        return ""

    return check


@cache
def _of_dataclass(kind: Any, others: bool) -> _Check:
    needed = [
        item.name
        for item in dataclasses.fields(kind)
        if item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
    ]
    return _of_object(_fields(kind), needed, others=others)


def _of_object(hints: Mapping[str, Any], needed: Iterable[str], *, others: bool) -> _Check:
    checks = {name: _check(hint) for name, hint in hints.items()}

    def check(value: Any) -> str:
        if type(value) is not dict:
            return f" is {_word(value)}, not an object"
        if missing := sorted(set(needed) - value.keys()):
            return f".{missing[0]} is missing"
        for key, one in value.items():
            if key not in checks:
                if not others:
                    return f".{key[:60]} is unknown"
            elif wrong := checks[key](one):
                return f".{key}{wrong}"
        return ""

    return check


def _plain(value: Any, depth: int = 0) -> str:
    if type(value) not in (dict, list):
        return ""
    if depth == MOST_NESTED:
        return f" is nested more than {MOST_NESTED} times"
    for one in value.values() if type(value) is dict else value:
        if type(one) in (dict, list) and (wrong := _plain(one, depth + 1)):
            return wrong
    return ""


_WORDS: Mapping[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    type(None): "null",
}


def _word(value: object) -> str:
    """Return what JSON calls a value."""
    if value is True or value is False:
        return str(value).lower()
    if type(value) is float and not math.isfinite(value):
        return str(value)
    return _WORDS.get(type(value), type(value).__name__)
