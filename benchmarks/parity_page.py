"""Writes docs/parity.md: our scores beside those of independent libraries, over the same features and images.

    python benchmarks/parity_page.py     # two minutes of processor time; needs '.[verify]'

Every number comes from `genharness verify --json`, on sets that are made here: ordinary ones, and those on which
arithmetic is known to fail. Where two numbers are apart, a brute force in float64 says which holds.
"""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

PAGE = Path(__file__).resolve().parents[1] / "docs" / "parity.md"
Floats = NDArray[np.floating[Any]]

HEAD = """# Beside other libraries

What `genharness` computes beside what independent libraries make of the same features and images. Written by
`python benchmarks/parity_page.py`, which runs `genharness verify` on the sets below; verify your own results in the
same way. Where two numbers are apart, a brute force in float64, summed and sorted with nothing clever, says which
holds. dgm-eval is not on the package index: its FD and KD are the formulas of FID and KID over other features,
which is what `--features dinov2` and the rows of `fid` and `kid` here are.

"""


@dataclass(frozen=True)
class Case:
    """Two sets and what is measured of them.

    Attributes:
        name: In a few words.
        about: What is special about it.
        fake: Generated samples: features, or images.
        real: Reference features; None: the dataset of `arguments`.
        arguments: More of the command line.
        metrics: Metrics, as `--metrics` has them.
    """

    name: str
    about: str
    fake: Floats
    real: Floats | None
    arguments: tuple[str, ...] = ()
    metrics: str = "fid,kid,prdc,vendi,fid-inf,mind,clipped,cmmd"


def cases() -> Iterator[Case]:
    """Yield the sets; every draw is of one seed."""
    draw = np.random.default_rng(0)
    yield Case(
        "gaussian",
        "2,000 and 2,000 rows of 64 columns, shifted and stretched",
        draw.normal(size=(2000, 64)) * 1.1 + 0.1,
        draw.normal(size=(2000, 64)),
    )
    yield Case(
        "few rows",
        "300 and 400 rows of 512 columns: both covariances are singular",
        draw.normal(size=(300, 512)),
        draw.normal(size=(400, 512)) * 1.2,
    )
    yield Case(
        "far from zero",
        "800 and 800 rows of 32 columns about 10,000, with a deviation of 1",
        draw.normal(size=(800, 32)) + 1e4 + 0.2,
        draw.normal(size=(800, 32)) + 1e4,
        metrics="fid,kid,prdc,vendi",
    )
    yield Case(
        "ties",
        "500 and 500 rows of 4 whole numbers in 0..7: distances tie exactly",
        draw.integers(0, 8, size=(500, 4)).astype(float),
        draw.integers(0, 8, size=(500, 4)).astype(float),
        metrics="fid,kid,prdc,vendi",
    )
    zeros = draw.normal(size=(300, 16))
    zeros[7] = 0
    yield Case("a row of zeros", "300 and 300 rows of 16 columns, one of them zero", zeros, draw.normal(size=(300, 16)))
    yield Case(
        "kynkaanniemi",
        "precision and recall in closed balls, k = 3",
        draw.normal(size=(1000, 32)) * 0.9,
        draw.normal(size=(1000, 32)),
        ("--set", "prdc.convention=kynkaanniemi", "--set", "prdc.k=3"),
        metrics="prdc",
    )
    digits = load_digits().images[:600, None] * (255 / 16)
    noisy = np.clip(digits + draw.normal(size=digits.shape) * 40, 0, 255).astype(np.uint8)
    yield Case(
        "digits",
        "600 noisy 8x8 digits under the data set's own classifier",
        noisy,
        None,
        ("--dataset", "digits"),
        metrics="fid,kid,is,prdc,vendi,pair-ssim,nearest-real",
    )


def verified(case: Case, folder: Path) -> list[dict[str, Any]]:
    """Return what `genharness verify` says of a case."""
    fake, real = folder / "fake.npy", folder / "real.npy"
    np.save(fake, case.fake)
    arguments = [str(fake), "--metrics", case.metrics, *case.arguments]
    if case.real is not None:
        np.save(real, case.real)
        arguments += ["--reference", str(real), "--features", "identity"]
    command = [sys.executable, "-m", "genharness", "verify", *arguments, "--json"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # 1: a score differs
    if not found.stdout:
        raise SystemExit(f"{case.name}: {found.stderr}")
    (rows,) = json.loads(found.stdout).values()
    return [{**row, "case": case.name} for row in rows]


def relative(row: Mapping[str, Any]) -> float:
    return abs(row["difference"]) / max(abs(row["theirs"]), 1e-12) if row["difference"] is not None else 0.0


def version(library: str) -> str:
    try:
        return f"{library} {importlib.metadata.version(library)}"
    except importlib.metadata.PackageNotFoundError:
        return library


def agreement(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the table of what was compared: a row a score and library."""
    yield "| score | library | sets compared | agree | largest relative difference where they agree |"
    yield "|---|---|--:|--:|--:|"
    pairs = dict.fromkeys((row["key"], row["library"]) for row in rows if row["verdict"] != "not compared")
    for key, library in pairs:
        compared = [row for row in rows if (row["key"], row["library"]) == (key, library) and not row["reason"]]
        agreeing = [row for row in compared if row["verdict"] == "agrees"]
        largest = max(map(relative, agreeing), default=float("nan"))
        yield f"| {key} | {version(library)} | {len(compared)} | {len(agreeing)} | {largest:.1e} |"


def disagreement(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the table of what was apart, with the verdict."""
    yield "| set | score | library | ours | theirs | verdict |"
    yield "|---|---|---|--:|--:|---|"
    for row in rows:
        if row["verdict"] in ("differs", "the library fails here"):
            numbers = " | ".join("undefined" if row[key] is None else f"{row[key]:.7g}" for key in ("ours", "theirs"))
            yield f"| {row['case']} | {row['key']} | {row['library']} | {numbers} | {row['verdict']}: {row['why']} |"


def alone(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what was not compared, and why."""
    for key, library, reason in dict.fromkeys((row["key"], row["library"], row["reason"]) for row in rows):
        if reason:
            sets = ", ".join(dict.fromkeys(row["case"] for row in rows if row["reason"] == reason))
            yield f"- {key} by {library}: {reason} ({sets})"


def main() -> None:
    """Verify every case and write the page."""
    tried = list(cases())
    rows: list[dict[str, Any]] = []
    for case in tried:
        with tempfile.TemporaryDirectory() as folder:
            rows += verified(case, Path(folder))
        print(f"{case.name}: {len(rows)} comparisons so far", flush=True)
    parts = [
        "## Sets\n",
        *(f"- **{case.name}**: {case.about}" for case in tried),
        "\n## Agreement\n",
        *agreement(rows),
        "\n## Where they are apart\n",
        *disagreement(rows),
        "\n## Not compared\n",
        *alone(rows),
    ]
    PAGE.write_text(HEAD + "\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
