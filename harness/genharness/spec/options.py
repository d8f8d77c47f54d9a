"""Typed, bounded, documented options: the fields of a plugin's Config dataclass.

A Config is a frozen dataclass whose fields are declared with `option`. The same declaration is the
constructor default, the line in `genharness info`, and the check on `--set NAME.OPTION=VALUE`.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genharness.errors import ConfigError, PluginError, did_you_mean

__all__ = [
    "NoOptions",
    "Option",
    "PluginOptions",
    "build_config",
    "check_value",
    "option",
    "option_errors",
    "options_of",
]

PluginOptions = Mapping[str, Mapping[str, Any]]
"""Options by the name of the plugin that they are for, as `--set NAME.OPTION=VALUE` gives them."""


@dataclass(frozen=True, slots=True)
class Option:
    """One documented option of a plugin.

    Attributes:
        name: Field name in the Config.
        type: `int`, `float`, `bool`, `str`, `Path` (told apart by what is there) or `tuple` (of whole numbers).
        optional: Whether `none` is a value.
        default: Value when the user says nothing.
        help: One line for people.
        low: Smallest allowed value, inclusive.
        high: Largest allowed value, inclusive.
        above: Exclusive lower bound.
        choices: The only allowed values, when not empty.
    """

    name: str
    type: type
    optional: bool
    default: object
    help: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[object, ...] = ()

    @property
    def bounds(self) -> str:
        """The allowed values in words, such as `> 0, <= 1` or `batch | none`."""
        if self.choices:
            return " | ".join(str(choice) for choice in self.choices)
        parts = [(self.above, ">"), (self.low, ">="), (self.high, "<=")]
        return ", ".join(f"{sign} {bound:g}" for bound, sign in parts if bound is not None)


def option(
    default: Any,
    *,
    help: str,  # noqa: A002  -- the word that click and argparse use
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    choices: tuple[object, ...] = (),
) -> Any:
    """Declare one field of a Config dataclass.

    Args:
        default: Value when the user says nothing.
        help: One line for people.
        low: Smallest allowed value, inclusive.
        high: Largest allowed value, inclusive.
        above: Exclusive lower bound.
        choices: The only allowed values.

    Returns:
        A dataclass field, typed `Any` so that the annotation beside it stands.
    """
    bounds = {"help": help, "low": low, "high": high, "above": above, "choices": choices}
    return dataclasses.field(default=default, metadata=bounds)


@dataclass(frozen=True)
class NoOptions:
    """The Config of a plugin that has nothing to set."""


def options_of(config: type) -> tuple[Option, ...]:
    """Return the documented options of a Config dataclass, in its order.

    Raises:
        PluginError: If `config` is no dataclass, or a field has an unsupported type or no help.
    """
    if not (isinstance(config, type) and dataclasses.is_dataclass(config)):
        raise PluginError(f"{config!r} is not a dataclass: declare options as a frozen dataclass of option() fields")
    hints = typing.get_type_hints(config)
    return tuple(_read_field(config, field, hints[field.name]) for field in dataclasses.fields(config))


def _read_field(config: type, field: dataclasses.Field[Any], hint: Any) -> Option:
    if "help" not in field.metadata:
        raise PluginError(f"{config.__name__}.{field.name} is not declared with option(default, help=...)")
    kind, optional, literal = _read_hint(hint)
    if kind not in (int, float, bool, str, tuple, Path):
        where = f"{config.__name__}.{field.name}"
        raise PluginError(f"{where} has type {hint}; use int, float, bool, str, Path or tuple[int, ...]")
    bounds = dict(field.metadata)
    bounds["choices"] = bounds["choices"] or literal
    return Option(name=field.name, type=kind, optional=optional, default=field.default, **bounds)


def _read_hint(hint: Any) -> tuple[Any, bool, tuple[object, ...]]:
    """Return (type, whether None is allowed, Literal choices) of an annotation."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType) and type(None) in arguments:
        inner = next(argument for argument in arguments if argument is not type(None))
        kind, _, literal = _read_hint(inner)
        return kind, True, literal
    if origin is typing.Literal:
        return type(arguments[0]), False, arguments
    return origin or hint, False, ()


def check_value(owner: str, spec: Option, value: object) -> object:
    """Return `value` (from TOML, Python, or text of the command line) as the option's type.

    Raises:
        ConfigError: If it has another type or is out of range; the message names `owner.option`.
    """
    name = f"{owner}.{spec.name}"
    if spec.optional and (value is None or value == "none"):
        return None
    converted = _convert(name, spec, value)
    if spec.choices and converted not in spec.choices:
        raise ConfigError(f"{name}={value} is not one of: {spec.bounds}")
    if isinstance(converted, (int, float)) and not isinstance(converted, bool):
        _check_bounds(name, spec, converted)
    return converted


def _convert(name: str, spec: Option, value: object) -> object:
    wrong = ConfigError(f"{name}={value} is not {_TYPE_WORDS[spec.type]}")
    try:
        if spec.type is tuple:
            return _whole_numbers(value)
        if spec.type is bool:
            return _BOOLS[str(value).lower()]
        if spec.type is str:
            return str(value)
        if spec.type is Path:
            return _path(value)
        if isinstance(value, bool):
            raise wrong
        number = float(typing.cast(Any, value))
    except (KeyError, TypeError, ValueError):
        raise wrong from None
    if not math.isfinite(number) or (spec.type is int and number != int(number)):
        raise wrong
    return int(number) if spec.type is int else number


def _path(value: object) -> Path:
    """Return an absolute path, which means the same in another process.

    Raises:
        ValueError: If it is empty.
    """
    if not str(value):
        raise ValueError
    return Path(str(value)).expanduser().absolute()


def _whole_numbers(value: object) -> tuple[int, ...]:
    parts = value.replace(",", " ").split() if isinstance(value, str) else list(typing.cast(Any, value))
    return tuple(int(str(part)) for part in parts)


def _check_bounds(name: str, spec: Option, value: float) -> None:
    too_low = (spec.low is not None and value < spec.low) or (spec.above is not None and value <= spec.above)
    too_high = spec.high is not None and value > spec.high
    if too_low or too_high:
        raise ConfigError(f"{name}={value:g} is out of range: it must be {spec.bounds}")


_BOOLS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_TYPE_WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
    tuple: "a list of whole numbers such as 64,128",
}


def option_errors(owner: str, config: type, values: Mapping[str, object]) -> list[str]:
    """Return every mistake in `values`, one line each; an empty list means that they fit."""
    known = {spec.name: spec for spec in options_of(config)}
    errors = []
    for name, value in values.items():
        if name not in known:
            errors.append(f"{owner} has no option {name!r}{did_you_mean(name, known)}")
            continue
        try:
            check_value(owner, known[name], value)
        except ConfigError as error:
            errors.append(str(error))
    return errors


def build_config(owner: str, config: type, values: Mapping[str, object]) -> Any:
    """Return an instance of `config` with `values` checked and the rest at their defaults.

    Raises:
        ConfigError: For the first value that does not fit.
    """
    errors = option_errors(owner, config, values)
    if errors:
        raise ConfigError(errors[0])
    known = {spec.name: spec for spec in options_of(config)}
    return config(**{name: check_value(owner, known[name], value) for name, value in values.items()})
