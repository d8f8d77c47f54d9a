"""What authors of plugins import. Torch-free; the torch parts are in `genharness.kit`."""

from typing import TYPE_CHECKING, Any

from genharness.errors import ConfigError, DataError, GenharnessError, PluginError, RunError
from genharness.plugin.hooks import hookimpl
from genharness.spec.options import NoOptions, option
from genharness.spec.plugins import (
    Column,
    DatasetSpec,
    DataShape,
    ExecutorSpec,
    ExtractorSpec,
    MetricSpec,
    ModelSpec,
    Recipe,
    Remote,
    ReporterSpec,
    TrackerSpec,
)
from genharness.version import VERSION

if TYPE_CHECKING:
    from genharness.results.table import load_results

__version__ = VERSION

__all__ = [
    "Column",
    "ConfigError",
    "DataError",
    "DataShape",
    "DatasetSpec",
    "ExecutorSpec",
    "ExtractorSpec",
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
    "hookimpl",
    "load_results",
    "option",
]


def __getattr__(name: str) -> Any:
    """Import `load_results` when it is used: authors of plugins need no results."""
    if name != "load_results":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from genharness.results.table import load_results

    return load_results
