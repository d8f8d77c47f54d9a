"""Writes the generated parts of docs/metrics.md: what each column sees of planted faults, and its plots.

    python benchmarks/metrics_page.py          # about a minute on two idle cores; needs matplotlib ('.[dev]')

The table stands between the two comments in the page; the plots are docs/metrics/*.png.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from genharness.measure.build import build_metrics
from genharness.measure.scoring import score
from genharness.plugin.registry import load_registry
from genharness.selfcheck.asking import Asked, check_dataset, whole_of
from genharness.selfcheck.check import Checked, columns_shown
from genharness.selfcheck.planting import division
from genharness.study.measuring import Measuring

PAGE = Path(__file__).resolve().parents[1] / "docs" / "metrics.md"
PLOTS = PAGE.parent / "metrics"
BEGIN, END = "<!-- selfcheck: begin -->", "<!-- selfcheck: end -->"
SIGNS = {"seen": "x", "better than real": "!", "missed": "·", "undefined": "?"}
COUNTS = (40, 60, 90, 140, 200, 300)
DRAWS = 6
"""Draws of real samples at each count."""
BY_COUNT = ("fid", "kid", "coverage", "clipped_coverage", "precision", "recall")


def table(found: Checked) -> str:
    keys = {column.key for column in columns_shown(found.metrics)}
    columns = [column for column in found.columns if column.key in keys]
    lines = [
        f"{found.dataset}: {found.count} samples, features {found.features}, {found.draws} draws of real samples",
        "",
        "| fault | " + " | ".join(column.title for column in columns) + " |",
        "|---|" + ":-:|" * len(columns),
    ]
    for tried in (found.control, *found.faults):
        name = f"{tried.fault.name}: {tried.fault.summary}" if tried.fault else "(real samples)"
        lines.append(f"| {name} | " + " | ".join(SIGNS[tried.columns[one.key].sight] for one in columns) + " |")
    return "\n".join(lines)


def blind(found: Checked) -> str:
    """Return what each column misses, the wide ones too."""
    lines = ["| column | sees | misses |", "|---|--:|---|"]
    for column in (one for one in found.columns if not one.caveat):  # those with a caveat are facts, no scores
        missed = [tried.name for tried in found.faults if not tried.seen_by([column.key])]
        lines.append(f"| {column.title} | {len(found.faults) - len(missed)} | {', '.join(missed) or 'none'} |")
    return "\n".join(lines)


def write_page(several: list[Checked]) -> None:
    text = PAGE.read_text()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    parts = "\n\n".join(
        f"{table(one)}\n\nWhat each column misses of these {len(one.faults)}:\n\n{blind(one)}" for one in several
    )
    PAGE.write_text(f"{head}{BEGIN}\n\n{parts}\n\n{END}{tail}")


def by_count(asked: Asked) -> dict[str, list[list[float]]]:
    """Return scores of real samples against real ones at every count, by column and draw."""
    registry = load_registry()
    whole = whole_of("digits", asked, registry)
    metrics = build_metrics(registry, {"fid": {}, "kid": {}, "prdc": {}, "clipped": {}})
    found: dict[str, list[list[float]]] = {key: [] for key in BY_COUNT}
    for count in COUNTS:
        draws: dict[str, list[float]] = {key: [] for key in BY_COUNT}
        for draw in range(DRAWS):
            for result in score(metrics, division(whole, count, draw)[0]):
                for key in draws.keys() & result.values.keys():
                    draws[key].append(float(result.values[key] or 0.0))
        for key in BY_COUNT:
            found[key].append(draws[key])
    return found


def draw_counts(found: dict[str, list[list[float]]], plt: Any) -> None:
    figure, axes = plt.subplots(2, 3, figsize=(9, 5), sharex=True)
    for axis, (key, draws) in zip(axes.flat, found.items(), strict=True):
        axis.plot(COUNTS, draws, color="0.7", lw=0.8)
        axis.plot(COUNTS, np.mean(draws, axis=1), "k.-")
        axis.set_title(key)
        axis.set_xscale("log")
    for axis in axes[1]:
        axis.set_xlabel("samples")
    figure.suptitle("Real digits against real digits: what a perfect generator scores")
    figure.tight_layout()
    figure.savefig(PLOTS / "counts.png", dpi=90)


def draw_sights(found: Checked, plt: Any) -> None:
    strengths = np.array([[min(tried.columns[c.key].strength, 30.0) for c in found.columns] for tried in found.faults])
    figure, axis = plt.subplots(figsize=(12, 7))
    shown = axis.imshow(np.log10(np.maximum(strengths, 0.1)), cmap="cividis", aspect="auto")
    axis.set_xticks(range(len(found.columns)), [c.key for c in found.columns], rotation=60, ha="right", fontsize=7)
    axis.set_yticks(range(len(found.faults)), [tried.name for tried in found.faults], fontsize=8)
    bar = figure.colorbar(shown, ticks=[-1, 0, 1])
    bar.set_ticklabels(["0.1", "1: end of the band", "10"])
    axis.set_title(f"{found.dataset}: distance from the middle of the band of real samples, in half widths")
    figure.tight_layout()
    figure.savefig(PLOTS / "sights.png", dpi=90)


def main() -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    registry, asked = load_registry(), Asked(measuring=Measuring(metrics=("all",)))
    several = [check_dataset(name, asked, registry, lambda *_: None) for name in ("digits", "breast-cancer")]
    PLOTS.mkdir(exist_ok=True)
    write_page(several)
    draw_sights(several[0], plt)
    draw_counts(by_count(asked), plt)


if __name__ == "__main__":
    main()
