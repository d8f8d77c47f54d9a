"""Typed, bounded, documented options: the fields of a Config dataclass, of a plugin's or of the harness's own.

A Config is a frozen dataclass whose fields are declared with `option`. The same declaration is the
constructor default, the line in `genharness info`, and the check on `--set NAME.OPTION=VALUE`, on a suite's TOML, on
the command line and on what a record says: there is no other.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import os
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from genharness.errors import MOST_MISTAKES, ConfigError, PluginError, did_you_mean, nearest, shown
from genharness.spec.flags import RUN_OPTIONS, of_the_run

__all__ = [
    "NoOptions",
    "Option",
    "PluginOptions",
    "Stage",
    "as_options",
    "build_config",
    "check_value",
    "checked",
    "no_option",
    "option",
    "option_errors",
    "options_of",
    "read_names",
    "read_options",
    "read_whole",
]

PluginOptions = Mapping[str, Mapping[str, Any]]
"""Options by the name of the plugin that they are for, as `--set NAME.OPTION=VALUE` gives them."""

C = TypeVar("C")

Stage = Literal["train", "sample"]
"""When an option of a model is needed first: `sample` is one that training does not read."""

LARGEST_WHOLE = 2**63 - 1
"""Most that a whole number may be where its option names no bound: torch and numpy count no further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One documented option.

    Attributes:
        name: Field name in the Config.
        item: Type of what a tuple holds, `int` or `str`.
        type: `int`, `float`, `bool`, `str`, `Path` (told apart by what is there), `tuple`, or `dict` (options by plugin
            name).
        optional: Whether `none` is a value.
        default: Value when the user says nothing.
        help: One line for people.
        low: Smallest allowed value, inclusive; of a tuple, of each number in it.
        high: Largest allowed value, inclusive; likewise.
        above: Exclusive lower bound; likewise.
        choices: The only allowed values, when not empty.
        read: Returns what is meant by what was written, before all other checks; raises ConfigError with the rest of a
            sentence that begins with option and value, such as `is no device`. None reads by the type.
        stage: Whether it takes part in training; see `option`.
        search: Where a search may look: both ends of a range, or the values themselves; empty for nowhere.
        log: Whether a search takes the logarithm for the axis.
    """

    name: str
    item: type = int
    type: type
    optional: bool
    default: object
    help: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[object, ...] = ()
    read: Callable[[Any], Any] | None = None
    stage: Stage = "train"
    search: tuple[object, ...] = ()
    log: bool = False

    @property
    def bounds(self) -> str:
        """The allowed values in words, such as `> 0, <= 1` or `batch | none`."""
        if self.choices:
            return " | ".join(str(choice) for choice in self.choices)
        parts = [(self.above, ">"), (self.low, ">="), (self.high, "<=")]
        return ", ".join(f"{sign} {_bound(bound)}" for bound, sign in parts if bound is not None)


def _bound(value: float) -> str:
    """Return a bound in few characters: `1000`, `0.5`, `2^64 - 1`."""
    if isinstance(value, int) and value >= 10**15:
        bits = value.bit_length()
        return f"2^{bits} - 1" if value == 2**bits - 1 else f"{value:.6g}"
    return str(value) if isinstance(value, int) else f"{value:g}"


def option(
    default: Any,
    *,
    help: str,  # noqa: A002  -- the word that click and argparse use
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    choices: tuple[object, ...] = (),
    read: Callable[[Any], Any] | None = None,
    stage: Stage = "train",
    search: tuple[object, ...] = (),
    log: bool = False,
) -> Any:
    """Declare one field of a Config dataclass.

    Args:
        default: Value when the user says nothing.
        help: One line for people.
        low: Smallest allowed value, inclusive.
        high: Largest allowed value, inclusive; a whole number is at most 2^63 - 1 in any case.
        above: Exclusive lower bound.
        choices: The only allowed values.
        read: See `Option.read`.
        stage: `sample` for what only drawing samples reads, such as a sampler, its steps, a guidance weight, a
            temperature: neither the networks nor a training step may depend on it. `train` for everything else.
        search: Where `genharness search` looks when nobody says where: both ends of a range of a number, the values
            themselves of anything else; within the bounds. Empty: it keeps the default.
        log: Whether the axis of that range is logarithmic, as of a learning rate.

    Returns:
        A dataclass field, typed `Any` so that the annotation beside it stands.
    """
    bounds = {"low": low, "high": high, "above": above, "choices": choices}
    declared = {"help": help, **bounds, "read": read, "stage": stage, "search": search, "log": log}
    if isinstance(default, Mapping):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=declared)
    return dataclasses.field(default=default, metadata=declared)


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
    return _declared(config)


@functools.cache
def _declared(config: type) -> tuple[Option, ...]:
    hints = typing.get_type_hints(config)
    return tuple(_read_field(config, field, hints[field.name]) for field in dataclasses.fields(config))


def _read_field(config: type, field: dataclasses.Field[Any], hint: Any) -> Option:
    if "help" not in field.metadata:
        raise PluginError(f"{config.__name__}.{field.name} is not declared with option(default, help=...)")
    kind, optional, literal = _read_hint(hint)
    if kind not in _CONVERTERS:
        where = f"{config.__name__}.{field.name}"
        raise PluginError(f"{where} has type {hint}; use int, float, bool, str, Path or tuple[int, ...]")
    bounds = dict(field.metadata)
    bounds["choices"] = bounds["choices"] or literal
    default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    item = str if kind is tuple and str in typing.get_args(hint) else int
    return Option(name=field.name, type=kind, item=item, optional=optional, default=default, **bounds)


def _read_hint(hint: Any) -> tuple[Any, bool, tuple[object, ...]]:
    """Return (type, whether None is allowed, Literal choices) of an annotation."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType) and type(None) in arguments:
        inner = next(argument for argument in arguments if argument is not type(None))
        kind, _, literal = _read_hint(inner)
        return kind, True, literal
    if origin is typing.Literal:
        return type(arguments[0]), False, arguments
    if hint == PluginOptions:
        return dict, False, ()
    return origin or hint, False, ()


def check_value(name: str, spec: Option, value: object) -> Any:
    """Return `value` (from TOML, Python, a record, or text of the command line) as the option's type.

    Args:
        name: What to call the option, such as `vae.latent` or `--samples`.
        spec: The option.
        value: What was written.

    Raises:
        ConfigError: If it has another type or is out of range; the message names the option and the value.
    """
    if spec.optional and (value is None or (isinstance(value, str) and value == "none")):
        return None
    try:
        read = spec.read(value) if spec.read is not None else _CONVERTERS[spec.type](spec, value)
    except ConfigError as error:
        raise ConfigError(f"{name}={shown(value)} {error}") from None
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        raise ConfigError(f"{name}={shown(value)} is not {_words(spec)}") from None
    if spec.choices and not all(each in spec.choices for each in (read if isinstance(read, tuple) else (read,))):
        raise ConfigError(f"{name}={shown(value)} is not one of: {spec.bounds}")
    for each in read if isinstance(read, tuple) else (read,):
        outside = _outside(spec, each) if isinstance(each, (int, float)) and not isinstance(each, bool) else ""
        if outside:
            raise ConfigError(f"{name}={shown(value)} is out of range: it must be {outside}")
    return read


def _words(spec: Option) -> str:
    if spec.type is dict:
        example = "lr = [1e-4, 2e-4]" if spec.name == "sweep" else "lr = 1e-4"
        return f"a table of tables, such as [{spec.name}.dcgan] with {example}"
    return "a list of names" if spec.type is tuple and spec.item is str else _TYPE_WORDS[spec.type]


def read_whole(value: object) -> int:
    """Return a whole number of a number, or of text such as `1e3`.

    Raises:
        TypeError: If it is neither.
        ValueError: If it is not whole.
    """
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, int):
        return value
    try:
        return int(typing.cast(Any, value)) if isinstance(value, str) else _whole_float(value)
    except ValueError:
        return _whole_float(value)  # such as 1e3


def _to_whole(_spec: Option, value: object) -> int:
    return read_whole(value)


def _whole_float(value: object) -> int:
    number = float(typing.cast(Any, value))
    if number != int(number):
        raise ValueError
    return int(number)


def _to_number(_spec: Option, value: object) -> float:
    if isinstance(value, bool):
        raise TypeError
    number = float(typing.cast(Any, value))
    if not math.isfinite(number):
        raise ValueError
    return number


def _to_bool(_spec: Option, value: object) -> bool:
    return _BOOLS[shown(value).lower()]


def _to_text(_spec: Option, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    if "\0" in value:
        raise ConfigError("holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ConfigError("is no text in UTF-8, which records and files are written in: rename what it names") from None
    return value


def _to_path(spec: Option, value: object) -> Path:
    """Return an absolute path, which means the same in another process."""
    text = str(value) if isinstance(value, Path) else _to_text(spec, value)
    if not text or "\0" in text:
        raise ValueError
    return Path(os.path.expanduser(text)).absolute()  # noqa: PTH111 -- Path.expanduser raises for `~nobody`


def read_names(value: object, split: Callable[[str], Sequence[str]] = lambda text: text.split(",")) -> tuple[str, ...]:
    """Return names from a list, or from text that is split; empty ones are passed over.

    Raises:
        TypeError: If it is neither, or one of them is no text.
        ConfigError: If one cannot be written in UTF-8, or holds a NUL; the rest of a sentence.
    """
    if not isinstance(value, (str, list, tuple)):
        raise TypeError
    read = [_to_text(_NAME, part) for part in (split(value) if isinstance(value, str) else value)]
    return tuple(part.strip() for part in read if part.strip())


def _to_tuple(spec: Option, value: object) -> tuple[Any, ...]:
    if spec.item is str:
        return read_names(value)
    if not isinstance(value, (str, list, tuple)):
        raise TypeError
    parts = value.replace(",", " ").split() if isinstance(value, str) else value
    return tuple(_CONVERTERS[spec.item](spec, part) for part in parts)


def _to_tables(spec: Option, value: object) -> dict[str, dict[str, Any]]:
    if not isinstance(value, Mapping):
        raise TypeError
    for owner, part in value.items():
        if not isinstance(part, Mapping):
            raise ConfigError(f"is not {_words(spec)}{of_the_run(str(owner))}")
    return {
        _to_text(spec, owner): {_to_text(spec, key): each for key, each in part.items()}
        for owner, part in value.items()
    }


def _outside(spec: Option, value: float) -> str:
    """Return the bounds that a number breaks, in words, or an empty string."""
    too_low = (spec.low is not None and value < spec.low) or (spec.above is not None and value <= spec.above)
    high = spec.high if spec.high is not None else LARGEST_WHOLE if isinstance(value, int) else None
    if not too_low and (high is None or value <= high):
        return ""
    return dataclasses.replace(spec, high=spec.high if too_low else high).bounds


_NAME = Option(name="", type=str, optional=False, default="", help="")
_BOOLS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_CONVERTERS: Mapping[type, Callable[[Option, object], Any]] = {
    int: _to_whole,
    float: _to_number,
    bool: _to_bool,
    str: _to_text,
    Path: _to_path,
    tuple: _to_tuple,
    dict: _to_tables,
}
_TYPE_WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
    tuple: "a list of whole numbers such as 64,128",
}


def read_options(
    owner: str, config: type, values: Mapping[str, object], name: Callable[[str], str] | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Return the values that fit, as their options' types, and every mistake, one line each.

    Past a number of mistakes that nobody reads, the rest is not looked at.

    Args:
        owner: Whose options they are.
        config: Where the options are declared.
        values: What was written, by the option's name.
        name: What to call an option in a message; `OWNER.OPTION` by default.
    """
    known = {spec.name: spec for spec in options_of(config)}
    good: dict[str, Any] = {}
    mistakes: list[str] = []
    for key, value in values.items():
        if len(mistakes) > MOST_MISTAKES:
            break
        if key not in known:
            mistakes.append(f"{owner} has no option {shown(key)!r}{did_you_mean(key, known)}")
            continue
        try:
            good[key] = check_value(name(key) if name else f"{owner}.{key}", known[key], value)
        except ConfigError as error:
            mistakes += error.lines
    return good, mistakes


def no_option(owner: str, name: str, known: Iterable[str], aim: str = "") -> str:
    """Return that a plugin has no such option, with what may have been meant: one that it has, or one of the whole run.

    Args:
        owner: The plugin.
        name: What was written.
        known: What it has.
        aim: What the option was to be used for, such as ` to sweep`.
    """
    exact = of_the_run(name) if name in RUN_OPTIONS else ""
    meant = exact or (did_you_mean(name, known) if nearest(name, known) else of_the_run(name))
    return f"{owner} has no option {shown(name)!r}{aim}{meant or did_you_mean(name, known)}"


def option_errors(owner: str, config: type, values: Mapping[str, object]) -> list[str]:
    """Return every mistake in `values`, one line each; an empty list means that they fit."""
    return read_options(owner, config, values)[1]


def build_config(owner: str, config: type, values: Mapping[str, object]) -> Any:
    """Return an instance of `config` with `values` checked and the rest at their defaults.

    Raises:
        ConfigError: For every value that does not fit.
    """
    good, mistakes = read_options(owner, config, values)
    if mistakes:
        raise ConfigError(*mistakes)
    return config(**good)


def checked(config: C) -> tuple[C, list[str]]:
    """Return a Config that code made, with what does not fit at its default, and every mistake, one line each."""
    values = {spec.name: getattr(config, spec.name) for spec in options_of(type(config))}
    good, mistakes = read_options(type(config).__name__, type(config), values, lambda name: name)
    return type(config)(**good), mistakes


def as_options(config: Any) -> dict[str, Any]:
    """Return every option of a Config instance as plain values, for JSON."""
    values = {spec.name: getattr(config, spec.name) for spec in options_of(type(config))}
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
