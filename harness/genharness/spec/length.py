"""How long a model is trained: `400steps`, `20epochs`, `200kimg`, `90s` or `2e15flops`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from genharness.errors import ConfigError, shown

__all__ = ["LONGEST", "MOST_FLOPS", "Length", "parse_length", "read_length"]

LONGEST = 10**12
"""Most that a length may be, of whatever unit but operations: more than any machine lives for."""

MOST_FLOPS = 10**30
"""Most operations that a length may be: some 100,000 times those of the largest models of language."""

Unit = Literal["steps", "epochs", "kimg", "s", "flops"]

_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(steps?|epochs?|kimg|s)|(\d+(?:\.\d+)?(?:e\+?\d{1,3})?)\s*(flops)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Length:
    """A training length.

    Attributes:
        amount: How many of the unit, >= 0.
        unit: `steps`, `epochs` (of the training split), `kimg` (thousand samples), `s` (training seconds) or `flops`
            (floating-point operations of the model's training steps, as `step_flops` counts them).
    """

    amount: float
    unit: Unit

    def __str__(self) -> str:
        if self.unit == "flops":
            return f"{self.amount:.15g}flops".replace("e+", "e")
        whole = self.amount == int(self.amount)
        amount = (
            str(int(self.amount)) if whole else f"{self.amount:.15f}".rstrip("0")
        )  # never 1e+06, which is no length
        return f"{amount}{self.unit}"

    def steps(self, train_count: int, batch_size: int) -> int | None:
        """Return how many training steps that is, or None where only the clock or a count of operations can say.

        An epoch is `train_count // batch_size` full batches.
        """
        if self.unit in ("s", "flops"):
            return None
        if self.unit == "steps":
            return int(self.amount)
        if self.unit == "epochs":
            return round(self.amount * max(1, train_count // batch_size))
        return math.ceil(self.amount * 1000 / batch_size)

    def in_steps(self, step_flops: float) -> Length:
        """Return a length in operations as the steps after which they are reached.

        Args:
            step_flops: Operations of a step of the whole batch, > 0.
        """
        return Length(math.ceil(self.amount / step_flops), "steps")


def parse_length(text: str) -> Length:
    """Read a training length.

    Raises:
        ConfigError: If `text` is none of `20epochs`, `5000steps`, `200kimg`, `90s`, `2e15flops`, or absurdly long.
    """
    try:
        return read_length(text)
    except ConfigError as error:
        raise ConfigError(f"budget {shown(text)!r} {error}") from None


def read_length(text: str) -> Length:
    """Read a training length, for a message that names what it is for.

    Raises:
        ConfigError: If it is none; the rest of a sentence that begins with the text.
    """
    match = _LENGTH.fullmatch(text.strip())
    if not match:
        raise ConfigError("is none of smoke, standard, paper, 20epochs, 5000steps, 200kimg, 90s, 2e15flops")
    unit = match.group(2) or match.group(4)
    if unit in ("step", "epoch"):
        unit += "s"
    amount = float(match.group(1) or match.group(3))
    if amount > (MOST_FLOPS if unit == "flops" else LONGEST):
        most = f"{MOST_FLOPS:.0e}".replace("+", "") if unit == "flops" else f"{LONGEST:,}"
        raise ConfigError(f"is out of range: it must be at most {most}{unit}")
    if unit == "steps" and amount != int(amount):
        raise ConfigError("must be a whole number of steps")
    return Length(amount, unit)  # type: ignore[arg-type]  # the pattern admits only these units
