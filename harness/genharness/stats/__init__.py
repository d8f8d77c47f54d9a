"""How far scores can be believed: summaries over training seeds, intervals, and pairwise tests.

Light to import: numpy and scipy are imported inside the functions that need them.

Two sources of variance are kept apart and named apart. `summarise` and `compare` speak of training seeds:
would another run of the same recipe score the same? `resample_interval` speaks of evaluation resamples of
one checkpoint: would other samples of the same generator score the same?
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genharness.stats.comparison import Comparison
    from genharness.stats.family import Family, ScoreTable, Standing
    from genharness.stats.pairwise import compare, compare_many
    from genharness.stats.planning import SeedsNeeded, least_seeds_for_exact_test, seeds_needed
    from genharness.stats.resampling import ResampleInterval, resample_interval
    from genharness.stats.summary import Summary, diverged_rate, interquartile_mean, mean_and_deviation, summarise
    from genharness.stats.ttests import holm

__all__ = [
    "Comparison",
    "Family",
    "ResampleInterval",
    "ScoreTable",
    "SeedsNeeded",
    "Standing",
    "Summary",
    "compare",
    "compare_many",
    "diverged_rate",
    "holm",
    "interquartile_mean",
    "least_seeds_for_exact_test",
    "mean_and_deviation",
    "resample_interval",
    "seeds_needed",
    "summarise",
]

_HOMES = {
    "Comparison": "comparison",
    "Family": "family",
    "ResampleInterval": "resampling",
    "ScoreTable": "family",
    "SeedsNeeded": "planning",
    "Standing": "family",
    "Summary": "summary",
    "compare": "pairwise",
    "compare_many": "pairwise",
    "diverged_rate": "summary",
    "holm": "ttests",
    "interquartile_mean": "summary",
    "least_seeds_for_exact_test": "planning",
    "mean_and_deviation": "summary",
    "resample_interval": "resampling",
    "seeds_needed": "planning",
    "summarise": "summary",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for alone: a leaderboard needs a third of it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
