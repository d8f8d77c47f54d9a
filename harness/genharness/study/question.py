"""What `--until-decided` asks: by which score, and with how many seeds at most. Torch-free."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import replace

from genharness.errors import did_you_mean
from genharness.spec.columns import Column
from genharness.spec.plugins import MetricSpec
from genharness.stats.sequential import FEWEST_SEEDS
from genharness.study.suite import Suite

__all__ = ["DEFAULT_LIMIT", "deciding_column", "with_seeds"]

DEFAULT_LIMIT = 10
"""Most seeds of a row where the user names none."""


def with_seeds(suite: Suite) -> tuple[Suite, list[str]]:
    """Return a suite with all seeds that a study which decides may come to, and what is wrong with its question."""
    if not suite.until_decided:
        usual = {field.name: field.default for field in dataclasses.fields(Suite)}
        stray = [name for name in ("goal", "margin") if getattr(suite, name) != usual[name]]
        return suite, [f"--{name} says how --until-decided decides: give that too" for name in stray]
    if suite.seeds == (0,):  # as where nothing is said; another single seed was named
        return replace(suite, seeds=tuple(range(DEFAULT_LIMIT))), []
    few = len(suite.seeds) < FEWEST_SEEDS
    wrong = f"--until-decided looks first at {FEWEST_SEEDS} seeds: give --seeds {FEWEST_SEEDS} or more, or none"
    return suite, [wrong] if few else []


def deciding_column(suite: Suite, metrics: Sequence[MetricSpec]) -> tuple[Column | None, list[str]]:
    """Return the score that decides: the one that was named, else the first that ranks; and what is wrong with it."""
    if not suite.until_decided:
        return None, []
    word = suite.until_decided
    columns = [column for spec in sorted(metrics, key=lambda spec: spec.place) for column in spec.columns]
    if word == "auto":
        found = next((one for one in columns if one.higher_is_better is not None and not one.wide), None)
        return found, [] if found else [
            "--until-decided: no metric of this run has a better end: name one of --metrics"
        ]
    own = next((spec.columns for spec in metrics if spec.name == word), ())
    named = [one for one in columns if one.key == word] or [one for one in own if one.higher_is_better is not None]
    if not named:
        known = [spec.name for spec in metrics] + [one.key for one in columns]
        return None, [f"--until-decided: no metric {word!r} in this run{did_you_mean(word, known)}"]
    if named[0].higher_is_better is None:
        return None, [f"--until-decided: {word} has no better end, so no row can be the best by it: name another"]
    return named[0], []
