"""Write docs/reference: commands, keys of a suite, models, metrics and hooks, as the code has them.

`python benchmarks/reference_pages.py` writes them; tests/test_docs.py holds them equal to the code.
"""

import ast
import importlib.util
import inspect
import re
import textwrap
from pathlib import Path

import click

from genharness.cli.main import COMMANDS, cli
from genharness.plugin import hooks
from genharness.plugin.registry import load_registry
from genharness.spec.capabilities import parse_capability
from genharness.spec.options import options_of
from genharness.study.asked import Study
from genharness.study.settings import TrainingOptions

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
_MADE = "<!-- made by `python benchmarks/reference_pages.py`; changes by hand are lost -->\n"


def commands():
    """Return the help of every command."""
    lines = ["# Commands", "", _MADE]
    for name in COMMANDS:
        lines += _command(cli.get_command(None, name), name)
    return "\n".join(lines)


def _command(command, name, level="##"):
    command._help_option = None  # click keeps the one of whoever asked first
    width = {"terminal_width": 100, "max_content_width": 100}
    context = click.Context(command, info_name=f"genharness {name}", help_option_names=["-h", "--help"], **width)
    lines = [f"{level} {name}", "", "```text", _without_help(command.get_help(context)), "```", ""]
    for more in getattr(command, "commands", {}):
        lines += _command(command.commands[more], f"{name} {more}", f"{level}#")
    return lines


def _without_help(text):
    """Return a help without its own option: how it is spelt hangs on who asked first."""
    return "\n".join(line for line in text.splitlines() if not line.endswith("Show this message and exit."))


def suite():
    """Return the keys of a study's TOML file."""
    rows = [_option_row(one) for one in options_of(Study)]
    lines = ["# Keys of a suite", "", _MADE, "`genharness run study.toml` reads them; each is an option of `run`, too."]
    lines += ["Options of plugins stand in tables of their own, such as `[set.vae]` with `latent = 32`.", ""]
    return "\n".join([*lines, "| key | default | what it is |", "|---|---|---|", *rows, ""])


def models():
    """Return every model with its paper, capabilities, recipes and options."""
    lines = ["# Models", "", _MADE]
    training = {one.name for one in options_of(TrainingOptions)}
    for name, spec in sorted(load_registry().models.items()):
        about = [f"**{spec.family}**" if spec.family else "", spec.paper]
        able = [_capability(word) for word in spec.capabilities]
        lines += [f"## {name}", "", f"{spec.summary}.", "", " · ".join(filter(None, about)), ""]
        lines += [f"It can: {', '.join(able)}.", ""] if able else []
        if spec.recipes:
            lines += ["| recipe | length | batch |", "|---|---|---|"]
            lines += [f"| {budget} | {one.length} | {one.batch_size} |" for budget, one in spec.recipes.items()]
            lines.append("")
        own = [one for one in options_of(spec.config) if one.name not in training]
        lines += _options(own)
    lines += ["## Options of every training", "", *_options(options_of(TrainingOptions))]
    return "\n".join(lines)


def _capability(word):
    capability, kind = parse_capability(word)
    return f"{capability.says}{f' ({kind})' if kind else ''}"


def metrics():
    """Return every metric with its columns, needs, formula as its code states it, and paper."""
    lines = ["# Metrics", "", _MADE]
    lines += ["What each sees and misses of planted faults: [which metric for what](../metrics.md).", ""]
    for name, spec in sorted(load_registry().metrics.items()):
        needs = [f"needs {', '.join(spec.needs)}"] if spec.needs else []
        default = [] if spec.default else ["asked for by name"]
        about = [*needs, *default, *(["followed over training"] if spec.periodic else []), spec.paper]
        lines += [f"## {name}", "", f"{spec.summary}.", "", " · ".join(filter(None, about)), "", *_formula(spec), ""]
        lines += ["| column | heading | better |", "|---|---|---|"]
        ways = {True: "higher", False: "lower", None: "near real"}
        lines += [f"| `{one.key}` | {one.title} | {ways[one.higher_is_better]} |" for one in spec.columns]
        lines += ["", *_options(options_of(spec.config))]
    return "\n".join(lines)


def _formula(spec):
    """Return what the metric's class and its `compute` say of themselves, read without importing what is heavy."""
    module, _, name = spec.factory.partition(":")
    tree = ast.parse(Path(importlib.util.find_spec(module).origin).read_text(encoding="utf-8"))
    made = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    methods = [node for node in made.body if isinstance(node, ast.FunctionDef) and node.name == "compute"]
    texts = filter(None, map(ast.get_docstring, [made, *methods]))
    return [re.split(r"\n\s*(?:Args|Returns|Raises):", text)[0].strip() + "\n" for text in texts]


def _options(options):
    rows = [_option_row(one) for one in options]
    return ["| option | default | what it is |", "|---|---|---|", *rows, ""] if rows else []


def _option_row(one):
    limits = (("above", one.above), ("from", one.low), ("to", one.high))
    bounds = " ".join(f"{word} {value}" for word, value in limits if value is not None)
    choices = " or ".join(f"`{choice}`" for choice in one.choices if choice != "")
    more = "; ".join(filter(None, [choices, bounds, "of sampling" if one.stage == "sample" else ""]))
    return f"| `{one.name}` | {_default(one.default)} | {one.help}{f' ({more})' if more else ''} |".replace("\n", " ")


def _default(value):
    if value in (None, "", {}, ()):
        return "–"  # noqa: RUF001
    return ",".join(map(str, value)) if isinstance(value, tuple) else value


def hook_pages():
    """Return every hook with the whole package that its docstring shows."""
    lines = ["# Hooks", "", _MADE]
    lines += ["`genharness new KIND NAME` writes each of these packages under your name.", ""]
    for kind, hook in hooks.HOOKS.items():
        text = inspect.getdoc(getattr(hooks, hook)) or ""
        said, _, example = text.partition("Example:\n")
        lines += [f"## {hook}", "", said.strip(), "", f"`genharness new {kind.removesuffix('s')} NAME`", ""]
        lines += [textwrap.dedent(example).strip(), ""]
    return "\n".join(lines)


PAGES = {"commands": commands, "suite": suite, "models": models, "metrics": metrics, "hooks": hook_pages}


def written(name):
    """Return a page as its file holds it."""
    return "\n".join(line.rstrip() for line in PAGES[name]().splitlines()) + "\n"


if __name__ == "__main__":
    for page in PAGES:
        (FOLDER / f"{page}.md").write_text(written(page), encoding="utf-8")
        print(FOLDER / f"{page}.md")
