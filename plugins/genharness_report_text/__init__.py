"""The leaderboard as text: a table, JSON, CSV, Markdown, LaTeX."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import ReporterSpec, hookimpl

__all__ = ["genharness_reporters"]


@hookimpl
def genharness_reporters() -> Sequence[ReporterSpec]:
    """Return the text formats."""
    return [
        ReporterSpec(name="table", summary="A table for the terminal", factory="genharness_report_text.table:render"),
        ReporterSpec(
            name="json", summary="JSON for programs", factory="genharness_report_text.plain:render_json", screen=False
        ),
        ReporterSpec(
            name="csv", summary="For spreadsheets", factory="genharness_report_text.plain:render_csv", screen=False
        ),
        ReporterSpec(
            name="md", summary="Markdown for a README", factory="genharness_report_text.markdown:render", screen=False
        ),
        ReporterSpec(
            name="latex", summary="LaTeX for a paper", factory="genharness_report_text.latex:render", screen=False
        ),
    ]
