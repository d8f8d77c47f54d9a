"""The leaderboard as HTML: a table for a page of one's own, and a whole report in one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import ReporterSpec, hookimpl, option

__all__ = ["ReportConfig", "genharness_reporters"]


@dataclass(frozen=True)
class ReportConfig:
    """How a page is made."""

    map: str = option(
        "pca",
        choices=("pca", "tsne", "both"),
        help="principal axes of features at once, t-SNE in some seconds, or both",
    )


@hookimpl
def genharness_reporters() -> Sequence[ReporterSpec]:
    """Return the HTML formats."""
    return [
        ReporterSpec(name="html", summary="A table for a web page", factory="genharness_report_html.fragment:render"),
        ReporterSpec(
            name="report",
            summary="A page with every figure",
            factory="genharness_report_html.page:render",
            config=ReportConfig,
        ),
    ]
