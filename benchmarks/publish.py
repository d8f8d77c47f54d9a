"""Copy what is worth publishing of a results folder: the leaderboard and the sample grids, small enough to commit.

python benchmarks/publish.py RESULTS results/NAME
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from genharness.results.store import Store

FORMATS = {"json": "leaderboard.json", "csv": "leaderboard.csv", "md": "leaderboard.md"}
PICTURES = ("grid", "strip", "interpolation", "reconstructions")


def publish(source: Path, target: Path) -> None:
    """Write the leaderboard in every format, and each cell's pictures as MODEL-DATASET-PICTURE.png."""
    target.mkdir(parents=True, exist_ok=True)
    for form, name in FORMATS.items():
        command = [sys.executable, "-m", "genharness.cli.main", "leaderboard", str(source), "--format", form]
        board = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        (target / name).write_text(board)
    store = Store(source)
    for record in store.records():
        for picture in PICTURES:
            if picture in record.artefacts and record.cell.seed == 0:
                found = store.cell(record.cell.id).path / record.artefacts[picture]
                shutil.copy(found, target / f"{record.cell.model}-{record.cell.dataset}-{picture}.png")


if __name__ == "__main__":
    publish(Path(sys.argv[1]), Path(sys.argv[2]))
