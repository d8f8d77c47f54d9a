"""The folder of one cell: the one place that names its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["CellFolder"]


@dataclass(frozen=True, slots=True)
class CellFolder:
    """Where a cell keeps what is not its record.

    Attributes:
        path: The folder; it may not exist yet.
    """

    path: Path

    @property
    def samples(self) -> Path:
        """The samples that were scored: `images` or `rows`, and `labels` where classes were asked for."""
        return self.path / "samples.npz"

    @property
    def features(self) -> Path:
        """The folder of their features."""
        return self.path / "features"

    @property
    def latents(self) -> Path:
        """Codes of held-out samples in a plane, and the prior there, of a model that encodes."""
        return self.path / "latents.npz"

    @property
    def traceback(self) -> Path:
        """The whole traceback of what failed last, for the author of the code that did."""
        return self.path / "traceback.txt"

    @property
    def lock(self) -> Path:
        """Held by the process that works on the cell."""
        return self.path.with_name(f".{self.path.name}.lock")

    def picture(self, name: str) -> Path:
        """Return the place of a picture such as `grid`."""
        return self.path / f"{name}.png"

    def unwanted(self, keep: str) -> tuple[Path, ...]:
        """Return what a finished cell throws away when it keeps `checkpoints`, only `samples`, or `nothing`."""
        return (self.samples, self.features) if keep == "nothing" else ()
