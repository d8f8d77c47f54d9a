"""What a reporter is given beside the board."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genharness.spec.options import NoOptions

__all__ = ["RenderOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """How a board is to be rendered.

    Attributes:
        width: Characters of the terminal.
        colour: Whether colours and weights may be used.
        wide: Show every column however wide that is.
        folder: The results folder, for reporters that show what cells keep; None where nothing but records is known.
        config: An instance of the reporter's own `config`, with what `--set NAME.OPTION=VALUE` gave.
    """

    width: int = 80
    colour: bool = False
    wide: bool = False
    folder: Path | None = None
    config: Any = field(default_factory=NoOptions)
