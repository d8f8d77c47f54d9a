"""What authors of plugins import. Torch-free; the torch parts are in `genharness.kit`."""

from genharness.errors import ConfigError, DataError, GenharnessError, PluginError, RunError
from genharness.hookspecs import hookimpl
from genharness.options import NoOptions, option
from genharness.specs import (
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

__version__ = "0.1.0"

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
    "option",
]
