"""How long a model is trained: `400steps`, `20epochs`, `200kimg` or `90s`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from genharness.errors import ConfigError

__all__ = ["Length", "parse_length"]

Unit = Literal["steps", "epochs", "kimg", "s"]

_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(steps?|epochs?|kimg|s)")


@dataclass(frozen=True, slots=True)
class Length:
    """A training length.

    Attributes:
        amount: How many of the unit, >= 0.
        unit: `steps`, `epochs` (of the training split), `kimg` (thousand samples) or `s` (training seconds).
    """

    amount: float
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount:g}{self.unit}"

    def steps(self, train_count: int, batch_size: int) -> int | None:
        """Return how many training steps that is, or None where only the clock can say.

        An epoch is `train_count // batch_size` full batches.
        """
        if self.unit == "s":
            return None
        if self.unit == "steps":
            return int(self.amount)
        if self.unit == "epochs":
            return round(self.amount * max(1, train_count // batch_size))
        return math.ceil(self.amount * 1000 / batch_size)


def parse_length(text: str) -> Length:
    """Read a training length.

    Raises:
        ConfigError: If `text` is none of `20epochs`, `5000steps`, `200kimg`, `90s`.
    """
    match = _LENGTH.fullmatch(text.strip())
    if not match:
        raise ConfigError(f"budget {text!r} is none of smoke, standard, paper, 20epochs, 5000steps, 200kimg, 90s")
    unit = match.group(2)
    if unit in ("step", "epoch"):
        unit += "s"
    amount = float(match.group(1))
    if unit == "steps" and amount != int(amount):
        raise ConfigError(f"budget {text!r}: steps must be a whole number")
    return Length(amount, unit)  # type: ignore[arg-type]  # the pattern admits only these units
