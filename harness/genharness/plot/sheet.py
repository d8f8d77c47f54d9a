"""What every plot shares: its group of the board, its look, its size, and how it is written."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from genharness.board.rows import BoardColumn, Group, Row
from genharness.errors import ConfigError
from genharness.figures.kept import KeptCell
from genharness.figures.markers import LIGHT, Marker
from genharness.figures.scales import scale_of, time_ticks
from genharness.figures.standings import Standings
from genharness.files.atomic import write_bytes
from genharness.files.paths import printable
from genharness.results.store import Store

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

__all__ = [
    "FORMATS",
    "GREY",
    "PlotRequest",
    "colour_of",
    "entitle",
    "log_axis",
    "new_sheet",
    "panel_sheet",
    "save",
    "shape_of",
]

FORMATS = (".svg", ".pdf", ".png")
GREY, BAND, EDGE = "#59616a", "#e0f2e8", "#8cc3a4"
_SHAPES = {
    "circle": "o",
    "square": "s",
    "triangle": "^",
    "diamond": "D",
    "triangle-down": "v",
    "plus": "P",
    "pentagon": "p",
    "star": "*",
    "cross": "x",
}
_TITLE_SIZE, _SMALLEST = 8.0, 5.0
"""Points of a title, and of one that has little room."""
_LOOK: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": _TITLE_SIZE,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.unicode_minus": True,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "genharness",
    "figure.dpi": 200,
    "text.parse_math": False,
}


@dataclass(frozen=True)
class PlotRequest:
    """What is to be drawn.

    Attributes:
        group: One dataset under one protocol.
        folder: The results folder.
        markers: Colour and shape by model.
        width: Inches.
        most: Rows at most, the best first.
    """

    group: Group
    folder: Path
    markers: Mapping[str, Marker]
    width: float = 5.5
    most: int = 12

    @cached_property
    def standings(self) -> Standings:
        """Who is told from whom."""
        return Standings(self.group)

    @property
    def column(self) -> BoardColumn:
        """What ranks.

        Raises:
            ConfigError: Nothing does.
        """
        if self.standings.column is None or not self.standings.rows:
            raise ConfigError(f"nothing is ranked on {self.group.dataset}: there is nothing to draw")
        return self.standings.column

    @property
    def rows(self) -> list[Row]:
        """The best rows."""
        return self.standings.rows[: self.most]

    @property
    def real(self) -> Row | None:
        """Held-out real data."""
        return next((row for row in self.group.rows if row.real), None)

    def kept(self, row: Row) -> KeptCell:
        """Return what the first seed of a row keeps."""
        return KeptCell(Store(self.folder).cell(row.records[0].cell.id), row.records[0])

    def marker(self, row: Row) -> Marker:
        """Return the marker of a row."""
        return self.markers[row.model]


@contextmanager
def look() -> Iterator[None]:
    """Draw in the look of all plots, in which text is text and no formula; that of others' figures stays.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise ConfigError("figures are drawn by matplotlib: pip install 'genharness[plot]'") from error
    with matplotlib.rc_context(_LOOK):
        yield


def new_sheet(width: float, height: float, rows: int = 1, columns: int = 1, **shared: Any) -> tuple[Sheet, list[Axes]]:
    """Return a figure of some inches and its axes, in reading order.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    with look():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure as Sheet

        sheet = Sheet(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(sheet)
        axes = sheet.subplots(rows, columns, squeeze=False, **shared)
    return sheet, list(axes.flat)


def panel_sheet(
    request: PlotRequest, count: int, *, most: int = 4, high: float = 1.3, **shared: Any
) -> tuple[Sheet, list[Axes]]:
    """Return a figure of so many panels, at most so many beside each other; places that are left over are blank.

    Args:
        request: Gives the width.
        count: Panels.
        most: Columns at most.
        high: Height of a row of panels, inches.
        shared: What panels share, such as `sharey`.
    """
    columns = min(most, count)
    rows = math.ceil(count / columns)
    sheet, axes = new_sheet(request.width, high * rows + 0.2, rows, columns, **shared)
    for one in axes[count:]:
        one.set_axis_off()
    return sheet, axes[:count]


def entitle(axes: Axes, words: str) -> None:
    """Write what a panel shows above it; others' text is text, whatever it holds."""
    axes.set_title(printable(words), loc="left")


def log_axis(axes: Axes, which: Literal["x", "y"], values: Iterable[float], *, seconds: bool = False) -> None:
    """Make an axis logarithmic, with the ticks of the report."""
    scale = scale_of([value for value in values if value > 0], log=True, least=2.0)
    ticks = time_ticks(scale, 5) if seconds else scale.ticks(5)
    axes.set(**{f"{which}scale": "log", f"{which}lim": (scale.low, scale.high)})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks([value for value, _ in ticks], [words for _, words in ticks])
    axis.set_ticks([], minor=True)


def colour_of(marker: Marker) -> str:
    """Return the colour of a marker on paper."""
    return GREY if marker.colour is None else LIGHT[marker.colour]


def shape_of(marker: Marker) -> str:
    """Return matplotlib's name of a marker's shape."""
    return _SHAPES[marker.shape]


def save(sheet: Sheet, out: Path) -> None:
    """Write a figure as its name's end says, whole or not at all; the same figure gives the same bytes.

    Raises:
        ConfigError: The name ends otherwise.
    """
    form = out.suffix.lower()
    if form not in FORMATS:
        raise ConfigError(f"{printable(out)}: a figure ends in {', '.join(FORMATS)}")
    none = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}[form]
    content = io.BytesIO()  # on a full disk matplotlib's own clean-up fails, and hides why
    with look(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a box stands there, as in every program
        _fit_titles(sheet)
        sheet.savefig(content, format=form[1:], metadata=none)
    write_bytes(out, content.getvalue())


def _fit_titles(sheet: Sheet) -> None:
    """Make titles that would run into the next panel smaller."""
    sheet.draw_without_rendering()
    for axes in sheet.axes:
        title = axes.title if axes.title.get_text() else axes._left_title  # type: ignore[attr-defined]
        share = axes.bbox.width / max(title.get_window_extent().width, 1.0)
        if share < 1:
            title.set_fontsize(max(float(title.get_fontsize()) * share, _SMALLEST))
