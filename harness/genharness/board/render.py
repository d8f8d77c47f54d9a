"""A board as text: what a reporter is given beside the board, and what it may give back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genharness.errors import GenharnessError, PluginError
from genharness.plugin.blame import one_line
from genharness.plugin.registry import config_of, load_factory
from genharness.spec.options import NoOptions, PluginOptions
from genharness.spec.plugins import ReporterSpec

if TYPE_CHECKING:
    from genharness.board.rows import Board

__all__ = ["RenderOptions", "SitePage", "rendered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePage:
    """Where a page stands in a site of several.

    Attributes:
        file: Its name.
        overview: What the page that sums up is called, and its name.
        datasets: The page of each dataset.
        models: The page of each model.
        model: The model whose figures it shows; empty: those of the best.
        brief: Whether it sums up: no figures beyond the ranking.
    """

    file: str
    overview: Mapping[str, str] = field(default_factory=dict)
    datasets: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    brief: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """How a board is to be rendered.

    Attributes:
        width: Characters of the terminal.
        colour: Whether colours and weights may be used.
        wide: Show every column however wide that is.
        folder: The results folder, for reporters that show what cells keep; None where nothing but records is known.
        site: Where the page stands among others that are written with it; None for one that stands alone.
        config: An instance of the reporter's own `config`, with what `--set NAME.OPTION=VALUE` gave.
    """

    width: int = 80
    colour: bool = False
    wide: bool = False
    folder: Path | None = None
    site: SitePage | None = None
    config: Any = field(default_factory=NoOptions)


def rendered(board: Board, reporter: ReporterSpec, options: RenderOptions, settings: PluginOptions) -> str:
    """Return a board in the format of a reporter.

    Args:
        board: What is to be shown.
        reporter: Its format.
        options: How; the reporter's own config is made of `settings`.
        settings: Options by plugin name.

    Raises:
        ConfigError: If an option does not fit.
        PluginError: If the reporter breaks, or gives no text.
    """
    render: Any = load_factory(reporter)
    options = dataclasses.replace(options, config=config_of(reporter, settings))
    try:
        text = render(board, options)
    except (GenharnessError, KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit too
        raise PluginError(f"reporter {reporter.name} failed: {one_line(error)}") from error
    if not isinstance(text, str):
        raise PluginError(f"reporter {reporter.name} gave {type(text).__name__}: it must give text")
    return text if board.groups else "no records yet: run `genharness run` first"
