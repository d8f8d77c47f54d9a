"""Scores as the page writes them."""

from __future__ import annotations

from collections.abc import Sequence

from genharness.board.rows import BoardColumn, Estimate, Group
from genharness.figures.numbers import DASH, decimals_of_column, number, plus_minus, short, significant

__all__ = ["COUNTED", "common_decimals", "in_words", "real_row", "value_of"]

COUNTED = frozenset({"parameters", "generator_parameters", "sample_flops", "step_flops"})
"""Columns that are shown with a suffix, such as `1.69M`."""


def value_of(one: Estimate, column: BoardColumn) -> str:
    """Return a number with its deviation over seeds, such as `9.0 ± 0.4`; a dash where there is none."""
    if one.mean is None:
        return DASH
    if column.key in COUNTED:
        return short(one.mean)
    if column.column.resolution == 1 and one.mean == int(one.mean) and not one.deviation:
        return number(one.mean)
    if one.deviation is None:
        return significant(one.mean)
    value, error = plus_minus(one.mean, one.deviation or None)
    return f"{value} ± {error}" if error else value


def common_decimals(column: BoardColumn, means: Sequence[float], errors: Sequence[float]) -> int | None:
    """Return how many decimals all numbers of a column show; None where each has its own, as those above zero do.

    Counts that differ over seeds have one at least: their means are mostly none.
    """
    if column.column.ratio:
        return None
    decimals = decimals_of_column(means, errors)
    return max(decimals, 1) if errors and column.column.resolution == 1 else decimals


def in_words(one: Estimate, column: BoardColumn) -> str:
    """Return a number with its error and its unit."""
    unit = column.column.unit
    return f"{value_of(one, column)}{f' {unit}' if unit else ''}"


def real_row(group: Group, key: str) -> float | None:
    """Return what held-out real data scores, or None where it was not measured."""
    return next((row.estimates[key].mean for row in group.rows if row.real and key in row.estimates), None)
