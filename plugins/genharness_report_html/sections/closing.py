"""The end of a page: what failed and why, how scores were measured, how to repeat and to cite it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from genharness.board.rows import Row
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record
from genharness.version import VERSION
from genharness_report_html.material import Figure, Material
from genharness_report_html.svg import joined, plain, tag

__all__ = ["failures", "protocol"]

_MOST_FAILURES = 100


def failures(material: Material) -> list[Figure]:
    """Return the cells that did not end well, with their whole reasons."""
    records = [record for record in material.group.failures if material.model in ("", record.cell.model)]
    if not records:
        return []
    body = [_failure(record) for record in records[:_MOST_FAILURES]]
    heads = tag("tr", *(tag("th", word, scope="col") for word in ("Cell", "How it ended", "Why")))
    table = tag("table", tag("thead", heads), tag("tbody", *body), class_="fails")
    more = f" The first {_MOST_FAILURES} of {len(records)}." if len(records) > _MOST_FAILURES else ""
    box = tag("div", table, class_="scroll", tabindex=0, role="region", aria_label="Failures")
    caption = f"Cells that did not end well; none of their numbers counts.{more}"
    return [material.figure("failures", "What failed", caption, box, link="Failures")]


def _failure(record: Record) -> Markup:
    return tag(
        "tr",
        tag("th", tag("bdi", plain(record.cell)), scope="row"),
        tag("td", tag("span", plain(record.status.replace("_", " ")), class_="tag bad")),
        tag("td", tag("bdi", plain(record.reason))),
        data_m=plain(record.cell.model),
    )


def protocol(material: Material) -> list[Figure]:
    """Return how the scores were measured and on what, and how to repeat and cite them."""
    group = material.group
    if group.protocol is None:
        return []
    records = [record for row in _rows(material) for record in row.records]
    rows = {"protocol": str(group.protocol), "hash": group.protocol.hash}
    rows |= {
        name.replace("_", " "): _plain(value)
        for name, value in group.protocol.as_plain().items()
        if value not in ("", {}, None)
    }
    rows |= {f"{name} right": f"{share:.1%} of held-out samples" for name, share in group.accuracies.items()}
    measured = material.figure(
        "protocol",
        "How it was measured",
        "Only scores of one protocol are ranked together.",
        _list(rows),
        link="Protocol",
    )
    where = material.figure("environment", "On what", "Of the last cell.", _list(_environment(records)))
    repeat = material.figure(
        "repeat",
        "How to repeat it",
        Markup(
            "The same models, seeds and data; one cell alone, or one with options of its own: "
            "<code>genharness rerun CELL</code>."
        ),
        tag("pre", tag("code", _commands(material))),
    )
    cite = material.figure(
        "cite",
        "How to cite",
        Markup("And the papers that <code>genharness info MODEL</code> names."),
        tag("pre", tag("code", _citation())),
    )
    return [measured, where, repeat, cite]


def _rows(material: Material) -> list[Row]:
    """Return the rows that the page is about."""
    return [row for row in material.group.rows if material.model in ("", row.model)]


def _list(rows: dict[str, str]) -> Markup:
    return tag("dl", joined(joined([tag("dt", plain(name)), tag("dd", plain(value))]) for name, value in rows.items()))


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_plain(one)}" for name, one in sorted(value.items()))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _environment(records: list[Record]) -> dict[str, str]:
    last = max(records, key=lambda record: record.finished_at, default=None)
    if last is None:
        return {}
    known = {name: value for name, value in last.environment.items() if value not in (None, "", {}, [])}
    packages = known.pop("packages", {})
    shown = {name.replace("_", " "): _plain(value) for name, value in known.items() if name != "hostname"}
    if isinstance(packages, dict):
        shown["packages"] = ", ".join(f"{name} {version}" for name, version in sorted(packages.items()))
    found = {**shown, "machines": str(_machines(records)), "finished": last.finished_at}
    return {name: value for name, value in found.items() if value}


def _machines(records: list[Record]) -> int:
    """Return how many machines records tell of: published ones have no name of theirs, but what they are made of."""
    told = {tuple(str(one.environment.get(name, "")) for name in ("hostname", "cpu", "gpu")) for one in records}
    return len(told)


def _commands(material: Material) -> str:
    """Return a command for each budget, as `run` takes one."""
    one = material.group.protocol
    assert one is not None
    cells = [record.cell for row in _rows(material) if not row.external for record in row.records]
    budgets = dict.fromkeys(cell.budget for cell in cells)
    return "\n".join(_command([cell for cell in cells if cell.budget == budget], one) for budget in budgets)


def _command(cells: Sequence[Cell], protocol: Protocol) -> str:
    first = cells[0]
    words = [
        ["genharness", "run", "--models", ",".join(dict.fromkeys(cell.model for cell in cells))],
        ["--datasets", first.dataset, "--seeds", _seeds(cell.seed for cell in cells), "--budget", first.budget],
        ["--features", protocol.extractor, "--samples", str(protocol.sample_count)],
    ]
    return " \\\n  ".join(plain(shlex.join(line)) for line in words)  # others' names, for a shell


def _seeds(seeds: Iterable[int]) -> str:
    """Return seeds as `--seeds` takes them: a lone number is a count there."""
    found = sorted(set(seeds))
    counted = len(found) == 1 or found == list(range(len(found)))
    return str(found[-1] + 1) if counted else ",".join(map(str, found))


def _citation() -> str:
    return (
        f"@software{{genharness,\n  title   = {{genharness: a benchmarking harness for deep generative models}},\n"
        f"  version = {{{VERSION}}},\n  license = {{MIT}}\n}}"
    )
