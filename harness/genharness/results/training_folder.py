"""The folder of one training, which cells may share: the one place that names its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from genharness.files.atomic import delete, write_bytes
from genharness.files.regular import read_regular

__all__ = ["TrainingFolder"]

_MOST_BYTES = 1 << 24
"""Of the note beside a checkpoint."""


@dataclass(frozen=True, slots=True)
class TrainingFolder:
    """Where the state of a training is kept: history, strip of samples and costs are in its checkpoint.

    Attributes:
        path: The folder; it may not exist yet. Of results before schema 4 it is the folder of the one cell.
    """

    path: Path

    @property
    def checkpoint(self) -> Path:
        """The state: from here an interrupted training goes on, and every cell draws its samples."""
        return self.path / "checkpoint.pt"

    @property
    def best_checkpoint(self) -> Path:
        """The checkpoint at the best score over training, as it was then."""
        return self.path / "best.pt"

    @property
    def lock(self) -> Path:
        """Held by the cell that trains."""
        return self.path.with_name(f".{self.path.name}.lock")

    @property
    def finished(self) -> bool:
        """Whether training is over and its checkpoint there: known without torch."""
        return self.checkpoint.is_file() and bool(self._note().get("finished"))

    @property
    def begun_by(self) -> str:
        """Name of the command that began it where that threw away what was there before; else empty."""
        return str(self._note().get("begun_by", ""))

    def note(self, *, finished: bool, begun_by: str) -> None:
        """Write what commands look at that read no checkpoint.

        Raises:
            OSError: If the file cannot be written.
        """
        write_bytes(self._note_file, orjson.dumps({"finished": finished, "begun_by": begun_by}))

    def forget(self) -> None:
        """Delete it."""
        delete(self.path, ignore_errors=True)

    @property
    def _note_file(self) -> Path:
        return self.path / "training.json"

    def _note(self) -> dict[str, Any]:
        """Return what `note` wrote; nothing where that is missing or damaged, and the checkpoint has to be read."""
        try:
            found = orjson.loads(read_regular(self._note_file, _MOST_BYTES))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
