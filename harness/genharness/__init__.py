"""What users and authors of plugins import. Torch-free; the torch parts of plugins are in `genharness.kit`."""

from typing import TYPE_CHECKING, Any

from genharness.errors import ConfigError, DataError, GenharnessError, PluginError, RunError
from genharness.plugin.decorators import dataset, executor, extractor, metric, model, reporter, tracker
from genharness.plugin.hooks import hookimpl
from genharness.spec.columns import Column
from genharness.spec.options import NoOptions, option
from genharness.spec.plugins import (
    DatasetSpec,
    DataShape,
    ExecutorSpec,
    ExtractorSpec,
    FigureSpec,
    MetricSpec,
    ModelSpec,
    Recipe,
    Remote,
    ReporterSpec,
    TrackerSpec,
)
from genharness.version import VERSION

if TYPE_CHECKING:
    from genharness.api import Evaluator, compare, evaluate, leaderboard, plan, run
    from genharness.results.table import load_results

__version__ = VERSION

__all__ = [
    "Column",
    "ConfigError",
    "DataError",
    "DataShape",
    "DatasetSpec",
    "Evaluator",
    "ExecutorSpec",
    "ExtractorSpec",
    "FigureSpec",
    "GenharnessError",
    "MetricSpec",
    "ModelSpec",
    "NoOptions",
    "PluginError",
    "Recipe",
    "Remote",
    "ReporterSpec",
    "RunError",
    "TrackerSpec",
    "compare",
    "dataset",
    "evaluate",
    "executor",
    "extractor",
    "hookimpl",
    "leaderboard",
    "load_results",
    "metric",
    "model",
    "option",
    "plan",
    "reporter",
    "run",
    "tracker",
]


_API = ("Evaluator", "compare", "evaluate", "leaderboard", "plan", "run")


def __getattr__(name: str) -> Any:
    """Import what works with results when it is used: authors of plugins need none of it."""
    if name == "load_results":
        from genharness.results.table import load_results

        return load_results
    if name in _API:
        from genharness import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
