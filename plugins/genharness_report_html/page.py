"""A whole report in one file that asks nothing of any network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from genharness.board.render import RenderOptions
from genharness.board.rows import COLLAPSED, Board, Group
from genharness.figures.markers import DARK, LIGHT
from genharness.figures.numbers import number
from genharness.figures.recorded import markers_of_board
from genharness.figures.verdict import Part, verdict
from genharness.spec.record import Record
from genharness.version import VERSION
from genharness_report_html import ReportConfig
from genharness_report_html.material import Block, Figure, Material
from genharness_report_html.names import brief_models, how_many
from genharness_report_html.sections import (
    classes,
    closing,
    compared,
    first,
    given,
    latents,
    samples,
    sweeps,
    training,
)
from genharness_report_html.svg import Ink, plain, tag
from genharness_report_html.table import Line, Table, table_of

__all__ = ["render"]

_PLAIN_CELLS_FROM = 300

_MOST_COLLAPSED = 6
"""Rows that collapsed up to which each has its line below the table."""

Section = Callable[[Material], list[Figure]]


@dataclass(frozen=True)
class PageGroup:
    """One dataset under one protocol, as the template takes it.

    Attributes:
        ident: Of its part of the page.
        level: Of its headings.
        dataset: Its name.
        heading: Above it where there are several.
        verdict: The sentence.
        table: The leaderboard.
        table_caption: How to read it.
        notes: Below it.
        folded: More of them behind a line that says what they are: the rows that collapsed, where these are many.
        blocks: Figures in order, the table among them as `board`.
        plain_cells: Whether cells are bare text, as of very many rows.
    """

    ident: str
    level: int
    dataset: str
    heading: str
    verdict: Sequence[Part]
    table: Table
    table_caption: Markup
    notes: Sequence[str]
    folded: Sequence[str]
    blocks: Sequence[Block | str]
    plain_cells: bool


def render(board: Board, options: RenderOptions) -> str:
    """Return the page."""
    model = options.site.model if options.site else ""
    brief = brief_models(row for group in board.groups for row in group.rows)
    ink = Ink(markers_of_board(board, options.folder), own=model, brief=brief)
    level = 2 if len(board.groups) < 2 else 3
    groups = [
        _group(Material(ink, group, options.folder, f"g{place}", level, _map(options.config), model), options)
        for place, group in enumerate(board.groups, 1)
    ]
    css, js = _style(), _asset("page.js")
    page = _environment().get_template("page.html.j2")
    return page.render(
        title=_title(board, model),
        site=options.site,
        of_model=options.site.models if options.site else {},
        crumb=_crumb(board, model),
        groups=groups,
        links=_links(groups),
        symbols=_symbols(),
        css=Markup(css),  # noqa: S704 -- files of this package
        js=Markup(js),  # noqa: S704 -- likewise
        policy=_policy(css, js),
        version=VERSION,
    )


def _map(config: object) -> str:
    return config.map if isinstance(config, ReportConfig) else "pca"


def _group(material: Material, options: RenderOptions) -> PageGroup:
    group = material.group
    table = table_of(material.ink, group, material.standings, wide=options.wide or group.asked)
    every = len(table.lines)
    if material.model:
        table = replace(table, lines=_lines_of(table, material.model))
    caption = _table_caption(table, material)
    if options.site and len(table.lines) < every:
        file = options.site.datasets[group.dataset]
        caption += Markup(
            ' Real data, the best row, <bdi>{}</bdi> and references; <a href="{}">all {} rows and comparisons</a>.'
        ).format(plain(material.model), file, every)
    blocks: list[Block | str] = []
    for place, section in enumerate(_sections(options)):
        if place == 1 and table.lines:
            blocks.append("board")
        figures = section(material)
        blocks += (
            [figures[at : at + 2] for at in range(0, len(figures), 2)]
            if section in _PAIRED
            else [[one] for one in figures]
        )
    dataset = plain(group.dataset)
    under = f" under protocol {group.protocol.hash}" if group.protocol else ""
    notes = [plain(note) for note in group.notes_on(group.shown)]
    collapsed = [note for note in notes if note.startswith(COLLAPSED)]
    folded = collapsed if len(collapsed) > _MOST_COLLAPSED else []
    return PageGroup(
        material.ident,
        material.level,
        dataset,
        f"{dataset}{under}",
        [Part(plain(part.text), part.style) for part in verdict(group, material.model)],
        table,
        caption,
        [note for note in notes if note not in folded],
        folded,
        blocks,
        len(table.lines) > _PLAIN_CELLS_FROM,
    )


def _sections(options: RenderOptions) -> Sequence[Section]:
    if options.site and options.site.brief:
        return _BRIEF
    if options.site and options.site.model:  # how all compare stands on the page of the dataset
        return [section for section in _SECTIONS if section is not compared.comparisons]
    return _SECTIONS


def _lines_of(table: Table, model: str) -> list[Line]:
    """Return the rows of a model, the references, and the best row of all."""
    best = min((line.place for line in table.lines if not line.reason), default=0)
    return [line for line in table.lines if line.reference or line.model == model or line.place == best]


_SECTIONS: Sequence[Section] = (
    first.first_screen,
    compared.comparisons,
    sweeps.of_settings,
    training.scores,
    training.losses,
    classes.drawn,
    classes.confusions,
    samples.feature_map,
    latents.latents,
    samples.on_demand,
    samples.wall,
    training.strips,
    samples.nearest,
    given.of_plugins,
    closing.failures,
    closing.protocol,
)
_BRIEF: Sequence[Section] = (first.first_screen, closing.failures, closing.protocol)
"""Of a page that sums up for a site."""
_PAIRED = frozenset({first.first_screen, compared.comparisons, closing.protocol})


def _table_caption(table: Table, material: Material) -> Markup:
    parts = []
    if material.standings.seeds[1] > 1:
        parts.append(Markup("± standard deviation over seeds."))
    if len(table.lines) <= _PLAIN_CELLS_FROM:
        parts.append(
            Markup(
                "Small mark under a number: where it lies between the worst (left) and the best (right) of this table."
            )
        )
    if table.banded:
        parts.append(Markup('<span class="kg">Green</span>: what real data score against other real data.'))
    chips = {"≈": ("ok", "as real"), "!": ("warn", "better than real, which real data are not: look for copies")}
    parts += [
        Markup("{} {}.").format(tag("span", sign, class_=f"tag {style}"), words)
        for sign, (style, words) in chips.items()
        if sign in table.signs
    ]
    if any(line.reference for line in table.lines):
        parts.append(Markup("Grey rows are references and take no rank."))
    if table.hidden:
        noun = "column" if len(table.hidden) == 1 else "columns"
        more = f"{len(table.hidden)} more {noun}, such as {', '.join(table.hidden[:3])}, with --columns."
        parts.append(Markup("{}").format(more))
    return Markup(" ").join(parts)


def _title(board: Board, model: str = "") -> str:
    rows = [row for group in board.groups for row in group.rows if not row.reference]
    datasets = list(dict.fromkeys(plain(group.dataset) for group in board.groups))
    where = datasets[0] if len(datasets) == 1 else f"{len(datasets)} datasets"
    if not board.groups:
        return "No results yet"
    if model:
        return f"{plain(model)} on {where}"
    return f"{how_many(rows)} on {where}"


def _crumb(board: Board, model: str) -> Markup:
    records = [record for group in board.groups for record in _records(group) if model in ("", record.cell.model)]
    protocols = [group.protocol.hash for group in board.groups if group.protocol]
    parts = [Markup("protocol <code>{}</code>").format(protocols[0])] if len(protocols) == 1 else []
    parts.append(Markup("{} cell{}").format(number(len(records)), "" if len(records) == 1 else "s"))
    last = max((record.finished_at for record in records), default="")
    parts += [Markup("{}").format(_day(last))] if _day(last) else []
    return Markup(" · ").join(parts)


def _records(group: Group) -> list[Record]:
    return [*(record for row in group.rows for record in row.records), *group.failures]


def _day(moment: str) -> str:
    try:
        day = datetime.fromisoformat(moment)
    except ValueError:
        return ""
    return f"{day.day} {day:%B %Y}"


def _links(groups: Sequence[PageGroup]) -> list[tuple[str, str]]:
    if len(groups) > 1:
        return [(group.ident, group.heading) for group in groups]
    found = []
    for group in groups:
        for block in group.blocks:
            if isinstance(block, str):
                found.append((f"{group.ident}-board", "Leaderboard"))
            else:
                found += [(one.ident, one.link) for one in block if one.link]
    return found


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("genharness_report_html"), autoescape=True, trim_blocks=True)


@cache
def _asset(name: str) -> str:
    return (resources.files("genharness_report_html") / name).read_text(encoding="utf-8")


_DARK_TOKENS = (
    "--bg:#14171c;--ink:#e7e9ec;--mute:#a3abb5;--line:#343b45;--soft:#1c2027;--band:#1b382b;--edge:#3f7a5c;"
    "--okink:#8fd3ae;--link:#7fb2ee;--ref:#98a1ab;--ghost:#454d58;--better:#1d3a5f;--worse:#5a3217;--warn:#f0c36b;"
    "--warnbg:#3d3013;--bad:#f4a3a3;--badbg:#4a1f1f;color-scheme:dark"
)


@cache
def _style() -> str:
    light, dark = (";".join(f"--c{place}:{hue}" for place, hue in enumerate(hues)) for hues in (LIGHT, DARK))
    classes = "".join(f".c{place}{{color:var(--c{place})}}" for place in range(len(LIGHT)))
    places = "".join(f"td i.x{place}{{margin-right:{60 - 0.6 * place:.1f}px}}" for place in range(100))
    style = _asset("style.css").replace("--light-hues", light).replace("--dark-tokens", f"{dark};{_DARK_TOKENS}")
    return f"{style}{classes}.cr{{color:var(--ref)}}{places}"


def _policy(css: str, js: str) -> str:
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in (css, js)]
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


_SOLID = (
    "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
    "M-4.6-4.6h9.2v9.2h-9.2z",
    "M0-5.8L5.4 4.2H-5.4z",
    "M0-6.2L6.2 0 0 6.2-6.2 0z",
    "M0 5.8L5.4-4.2H-5.4z",
    "M-1.9-5.6h3.8v3.7h3.7v3.8h-3.7v3.7h-3.8v-3.7h-3.7v-3.8h3.7z",
    "M0-6L5.7-1.9 3.5 4.9-3.5 4.9-5.7-1.9z",
    "M0-6.4l1.7 4h4.4l-3.5 2.9 1.3 4.6-3.9-2.7-3.9 2.7 1.3-4.6-3.5-2.9h4.4z",
)
_OUTLINES = {
    "circle": _SOLID[0],
    "square": "M-4.5-4.5h9v9h-9z",
    "plus": "M-5.5 0h11M0-5.5v11",
    "cross": "M-5-5L5 5M-5 5L5-5",
    "diamond": _SOLID[3],
}


def _symbols() -> Markup:
    solid = [tag("symbol", tag("path", d=way), id=f"s{place}", overflow="visible") for place, way in enumerate(_SOLID)]
    outlines = [
        tag("symbol", tag("path", d=way, class_="op"), id=f"r-{name}", overflow="visible")
        for name, way in _OUTLINES.items()
    ]
    return Markup("").join([*solid, *outlines])
