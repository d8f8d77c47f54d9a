"""The keys of a suite file: for people, and as a JSON Schema for editors. Both are made of what checks the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genharness.spec.options import Option, as_options, options_of
from genharness.study.asked import Study
from genharness.study.reading import EXTENDS

__all__ = ["EXTENDS_HELP", "file_keys", "json_schema"]

EXTENDS_HELP = "Path of another suite, from this file's folder, over which this one is laid"

_RANGE = {
    "type": "object",
    "description": "A range: points from low to high, evenly spaced, or on a logarithmic scale",
    "properties": {
        "low": {"type": ["number", "string"]},
        "high": {"type": ["number", "string"]},
        "log": {"type": "boolean", "default": False},
        "points": {"type": "integer", "minimum": 2},
    },
    "required": ["low", "high", "points"],
    "additionalProperties": False,
}
_VALUE = {"type": ["boolean", "number", "string", "array"]}
_OPTION_TABLE = {"type": "object", "additionalProperties": _VALUE}
_SWEEP_TABLE = {
    "type": "object",
    "properties": {
        "zip": {
            "type": ["array", "string"],
            "description": 'Options that step together, such as [["lr", "batch_size"]]',
        },
        "exclude": {
            "type": ["array", "object"],
            "description": "Points to leave out, such as [{ lr = 5e-4, batch_size = 32 }]",
            "items": _OPTION_TABLE,
        },
    },
    "additionalProperties": {"anyOf": [_VALUE, _RANGE]},
}
_TABLES: dict[str, Any] = {"set": _OPTION_TABLE, "sweep": _SWEEP_TABLE, "ablate": _OPTION_TABLE}
_JSON_TYPES: dict[type, str] = {int: "integer", float: "number", bool: "boolean", str: "string", Path: "string"}


def file_keys() -> tuple[Option, ...]:
    """Return every key of a suite file but `extends`."""
    return options_of(Study)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a suite file, for editors that complete and check TOML.

    It knows keys, types, bounds and choices; plugins' own options are checked by `genharness run --plan`.
    """
    defaults = as_options(Study())
    keys = {one.name: _property(one, defaults[one.name]) for one in file_keys()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "genharness suite",
        "description": "A study: models, datasets, how long, how measured; `genharness info suite` explains every key",
        "type": "object",
        "properties": {EXTENDS: {"type": "string", "description": EXTENDS_HELP}, **keys},
        "additionalProperties": False,
    }


def _property(one: Option, default: Any) -> dict[str, Any]:
    if one.type is dict:
        return {"type": "object", "description": one.help, "additionalProperties": _TABLES[one.name]}
    shown = {"description": one.help} if default is None else {"description": one.help, "default": default}
    if one.type is not tuple:
        return {**_scalar(one, one.type), **shown}
    item = _scalar(one, one.item)
    one_or_several = [item, {"type": "array", "items": item}]
    if one.item is int:
        one_or_several.append({"type": "string", "description": "Numbers with commas between"})
    return {"anyOf": one_or_several, **shown}


def _scalar(one: Option, kind: type) -> dict[str, Any]:
    """Return the schema of one value; numbers may be written as text, as the command line has them."""
    if one.choices:
        return {"enum": list(one.choices)}
    bounds = {"minimum": one.low, "exclusiveMinimum": one.above, "maximum": one.high}
    limits = {name: bound for name, bound in bounds.items() if bound is not None} if kind in (int, float) else {}
    return {"type": _JSON_TYPES[kind], **limits}
