"""`genharness info NAME`: everything about a plugin that can be known without importing its heavy part."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from genharness.cli.screen.completion import plugins
from genharness.cli.screen.fitted import ColumnHead, FittedTable
from genharness.cli.screen.terminal import console, echo
from genharness.errors import ConfigError, PluginError, did_you_mean
from genharness.identity.parts import registered_code
from genharness.plugin.registry import Kind, load_registry
from genharness.spec.capabilities import parse_capability
from genharness.spec.naming import setting_words
from genharness.spec.options import Option, options_of
from genharness.spec.plugins import DatasetSpec, ExtractorSpec, MetricSpec, ModelSpec
from genharness.study.settings import TrainingOptions

__all__ = ["info"]


@click.command()
@click.argument("name", shell_complete=plugins)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--schema", is_flag=True, help="Of suite: its JSON Schema, for editors.")
def info(name: str, form: str, schema: bool) -> None:
    """Explain the plugin NAME: paper, capabilities, recipes, options with types, bounds and defaults.

    `suite` explains every key of a suite file.

    \b
    Examples:
      genharness info dcgan
      genharness info prdc
      genharness info dcgan --format json
      genharness info suite
      genharness info suite --schema > suite.schema.json
    """
    if name == _SUITE:
        _explain_suite(form, schema)
        return
    if schema:
        raise ConfigError(f"--schema is of suite files, and {name} is none: genharness info suite --schema")
    registry = load_registry(tolerant=True)
    found = [(kind, kind[name]) for kind in registry.kinds.values() if name in kind]
    if not found:
        known = [_SUITE, *(known for kind in registry.kinds.values() for known in kind)]
        raise ConfigError(f"nothing is called {name!r}{did_you_mean(name, known)}; see `genharness list`")
    if form == "json":
        echo(json.dumps([_plain(kind, spec) for kind, spec in found], indent=2, default=str))
        return
    out = console()
    for kind, spec in found:
        _explain(out, kind, spec)


def _plain(kind: Kind[Any], spec: Any) -> dict[str, Any]:
    """Return what is known of a plugin as plain values: the fields of its spec, its options, who gave it, its code."""
    fields = {one.name: getattr(spec, one.name) for one in dataclasses.fields(spec) if one.name != "config"}
    provider = kind.provider(spec.name)
    return {
        "kind": kind.word,
        **{name: _plain_value(value) for name, value in fields.items()},
        "package": provider.distribution,
        "version": provider.version,
        **dict(_code(kind, spec)),
        "options": [
            {"name": one.name, "type": _type(one), "default": _plain_value(one.default), "allowed": one.bounds}
            | {"stage": one.stage, "help": one.help}
            for one in options_of(spec.config)
        ],
    }


def _plain_value(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain_value(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain_value(one) for key, one in value.items()}
    return [_plain_value(one) for one in value] if isinstance(value, tuple | list | frozenset) else value


def _explain_suite(form: str, schema: bool) -> None:
    """Print every key of a suite file, as a table, as JSON or as a JSON Schema."""
    from genharness.study.schema import EXTENDS_HELP, file_keys, json_schema

    if schema:
        echo(json.dumps(json_schema(), indent=2))
        return
    rows = [("extends", "path", "none", "", EXTENDS_HELP)]
    rows += [(one.name, _key_type(one), _key_default(one), one.bounds, one.help) for one in file_keys()]
    if form == "json":
        echo(json.dumps([dict(zip(_OF_A_KEY, row, strict=True)) for row in rows], indent=2))
        return
    out = console()
    out.print(Text("suite", "bold") + "  a TOML file: genharness run SUITE.toml; `genharness run` has the same options")
    out.print(FittedTable([_head(word) for word in _OF_A_KEY], rows))
    out.print(Text(_TABLES))


_SUITE = "suite"
_OF_A_KEY = ("key", "type", "default", "allowed", "meaning")
_TABLES = """\
[set.NAME]     OPTION = VALUE, of any plugin; several values of a model's option are a sweep
[sweep.MODEL]  OPTION = [A, B] or { low = 1e-5, high = 1e-2, log = true, points = 4 }: every combination
               zip = [["lr", "batch_size"]]: these step together
               exclude = [{ lr = 1e-2, batch_size = 32 }]: points to leave out
[ablate.MODEL] OPTION = VALUE or [A, B]: one change at a time from what [set.MODEL] says
A later source (the file over the one it extends, the command line over both) takes the place of an earlier one, in
tables option by option. Paths are those of the current folder, `extends` that of the file's."""


def _key_type(one: Option) -> str:
    if one.type is dict:
        return "tables"
    return f"{one.item.__name__}, or several" if one.type is tuple else _type(one)


def _key_default(one: Option) -> str:
    if one.type in (tuple, dict):
        return ",".join(map(str, one.default)) if isinstance(one.default, tuple) else ""
    return "none" if one.default is None else str(one.default)


def _explain(out: Console, kind: Kind[Any], spec: Any) -> None:
    out.print(Text(spec.name, "bold") + f"  {kind.word}, by {kind.provider(spec.name)}")
    out.print(spec.summary)
    facts = Table.grid(padding=(0, 2))
    for word, value in (*_facts(spec), *_code(kind, spec)):
        facts.add_row(Text(word, "dim"), value)
    out.print(facts)
    if isinstance(spec, ModelSpec):
        out.print(_recipes(spec))
    if isinstance(spec, MetricSpec):
        out.print(_columns(spec))
    out.print(_options(spec))


def _facts(spec: Any) -> list[tuple[str, str]]:
    if isinstance(spec, ModelSpec):
        facts = [("family", spec.family), ("paper", spec.paper), ("data", _data_words(spec))]
        facts.append(("can", ", ".join(_capabilities(spec)) or "sample"))
    elif isinstance(spec, DatasetSpec):
        counts = ", ".join(f"{split} {count:,}" for split, count in spec.counts.items())
        shape = "x".join(map(str, spec.shape)) if spec.shape else "as the data is"
        facts = [("samples", counts), ("shape", shape), ("classes", ", ".join(spec.class_names))]
        facts += [("licence", spec.licence), ("homepage", spec.homepage)]
    elif isinstance(spec, MetricSpec):
        facts = [("paper", spec.paper), ("needs", ", ".join(spec.needs)), ("data", ", ".join(spec.modalities))]
    elif isinstance(spec, ExtractorSpec):
        weights = spec.weights.filename if spec.weights else ""
        facts = [("weights", weights), ("resize", ", ".join(spec.resizes)), ("data", ", ".join(spec.modalities))]
    else:
        facts = []
    return [(word, value) for word, value in facts if value]


def _code(kind: Kind[Any], spec: Any) -> list[tuple[str, str]]:
    """Return the digest of the code behind a part of which results are made, and what it is of."""
    if not isinstance(spec, ModelSpec | DatasetSpec | MetricSpec | ExtractorSpec):
        return []
    try:
        found = registered_code(kind, spec.name)
    except PluginError as error:
        return [("code", str(error))]
    opaque = f"; {', '.join(found.opaque)} by bytes, having no source" if found.opaque else ""
    return [("code", f"{found.digest}, of {len(found.modules)} modules{opaque}")]


def _data_words(spec: ModelSpec) -> str:
    if "image" not in spec.modalities:
        return ", ".join(spec.modalities)
    upper = f" to {spec.max_size}" if spec.max_size is not None else " and more"
    channels = " or ".join(map(str, spec.channels))
    tables = ", tables" if "tabular" in spec.modalities else ""
    return f"images of {spec.min_size}{upper} pixels, {channels} channels{tables}"


def _capabilities(spec: ModelSpec) -> list[str]:
    found = [parse_capability(declared) for declared in spec.capabilities]
    words = [f"{capability.says} ({kind})" if kind else capability.says for capability, kind in found]
    return [*words, "needs labels"] if spec.needs_labels else words


def _recipes(spec: ModelSpec) -> FittedTable:
    rows = []
    for name, recipe in spec.recipes.items():
        changed = ", ".join(setting_words(recipe.options))
        decay = recipe.decay(recipe.batch_size)
        ema = "" if decay is None else f"{decay:g}"
        rows.append((name, recipe.length, str(recipe.batch_size), ema, changed))
    words = ("budget", "length", "batch", "ema", "changed options")
    return FittedTable([_head(word) for word in words], rows, title="recipes")


def _columns(spec: MetricSpec) -> FittedTable:
    better = {True: "higher", False: "lower", None: ""}
    rows = [(column.key, column.title, better[column.higher_is_better]) for column in spec.columns]
    return FittedTable([_head(word) for word in ("key", "title", "better")], rows, title="columns")


def _options(spec: Any) -> FittedTable | str:
    options = list(options_of(spec.config))
    if isinstance(spec, ModelSpec) and spec.trained:
        options += options_of(TrainingOptions)
    if not options:
        return "no options"
    staged = ("stage",) if isinstance(spec, ModelSpec) and spec.trained else ()
    rows = []
    for one in options:
        stage = (one.stage,) if staged else ()
        rows.append((one.name, _type(one), _default(spec, one), *stage, one.bounds, one.help))
    words = ("option", "type", "default", *staged, "allowed", "meaning")
    return FittedTable([_head(word) for word in words], rows, title=f"options: --set {spec.name}.OPTION=VALUE")


def _head(word: str) -> ColumnHead:
    return ColumnHead(word, folds=word in _SENTENCES)


_SENTENCES = ("type", "default", "allowed", "meaning", "changed options", "title")
"""Columns whose cells are words, which may stand in several lines."""


def _default(spec: Any, one: Option) -> str:
    """Return the default; what every trained model shares comes from its recipe."""
    if isinstance(spec, ModelSpec) and one.name in {shared.name for shared in options_of(TrainingOptions)}:
        return "recipe"
    return "none" if one.default is None else str(one.default)


def _type(one: Option) -> str:
    word = "list" if one.type is tuple else one.type.__name__
    return f"{word} or none" if one.optional else word
