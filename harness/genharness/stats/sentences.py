"""A comparison in words: what was found, and what so few seeds cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genharness.stats.planning import MOST_SEEDS, least_seeds_for_exact_test
from genharness.stats.ttests import ALPHA

if TYPE_CHECKING:
    from genharness.stats.pairwise import Comparison

__all__ = ["describe"]


def describe(comparison: Comparison) -> str:
    """Return one to three sentences: the verdict, the seeds that would decide, what the exact test can say."""
    a, b = comparison.names
    if comparison.p is None:
        return (
            f"{a} and {b} cannot be told apart: a single seed says nothing of the spread between seeds. "
            f"Run at least 2 seeds of each, {comparison.seeds.for_exact_test} for an exact test."
        )
    found = {
        "better": f"{a} is better than {b}",
        "worse": f"{a} is worse than {b}",
        "undecided": f"{a} and {b} cannot be told apart",
    }[comparison.verdict]
    parts = [f"{found}: {_effect(comparison)}; {comparison.decided_by}, {_p_value(comparison)}."]
    if comparison.verdict == "undecided":
        parts.append(_seeds_for_power(comparison))
    parts.append(_exact(comparison))
    return " ".join(parts)


def _effect(comparison: Comparison) -> str:
    if comparison.ratio is not None:
        return f"ratio {comparison.ratio:.4g} (95 % interval {comparison.ratio_low:.4g} to {comparison.ratio_high:.4g})"
    return (
        f"difference {comparison.difference:.4g} "
        f"(95 % interval {comparison.difference_low:.4g} to {comparison.difference_high:.4g})"
    )


def _p_value(comparison: Comparison) -> str:
    text = f"p = {comparison.p:.2g}"
    if comparison.comparisons > 1:
        text += f", {comparison.p_holm:.2g} after Holm over {comparison.comparisons} comparisons"
    return text


def _seeds_for_power(comparison: Comparison) -> str:
    seeds = comparison.seeds.for_power
    if seeds is not None:
        return f"Were the observed difference the true one, {seeds} seeds of each would find it with power 0.8."
    if comparison.p == 1:
        return "The means are equal: no number of seeds can be named."
    return f"Were the observed difference the true one, more than {MOST_SEEDS} seeds of each would be needed."


def _exact(comparison: Comparison) -> str:
    p = comparison.mann_whitney_p_holm
    if p is None or comparison.exact_p_floor * comparison.comparisons > ALPHA:
        return _too_few(comparison)
    says = "can tell them apart" if p < ALPHA else "cannot tell them apart"
    after = " after Holm" if comparison.comparisons > 1 else ""
    return f"The exact Mann-Whitney test {says} (p = {p:.2g}{after})."


def _too_few(comparison: Comparison) -> str:
    n_a, n_b = comparison.n
    alone, family = least_seeds_for_exact_test(), comparison.seeds.for_exact_test
    takes = f"it takes {alone} of each"
    if family != alone:
        takes += f", {family} after Holm over {comparison.comparisons} comparisons"
    return (
        f"With {n_a} and {n_b} seeds the exact Mann-Whitney test cannot fall below "
        f"p = {comparison.exact_p_floor:.2g}, so it cannot reach 5 %: {takes}."
    )
