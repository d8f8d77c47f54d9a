"""Conformance checks that any plugin can run on what it provides.

The whole test file of a package with models:

    import pytest
    from genharness.testing import model_checks
    from my_package import genharness_models

    @pytest.mark.parametrize("check", model_checks(genharness_models()), ids=str)
    def test_model(check):
        check()

`genharness check PACKAGE` does the same for all kinds of plugins without a test file.

A check passes, raises `ConformanceError` with what is wrong, or raises `unittest.SkipTest` with the reason
(pytest shows it as skipped). `exhaustive=True` adds every image size and more steps. Nothing here needs pytest.
"""

from genharness.testing.check import Check, ConformanceError
from genharness.testing.datasets import dataset_checks
from genharness.testing.executors import executor_checks
from genharness.testing.extractors import extractor_checks
from genharness.testing.figures import figure_checks
from genharness.testing.metrics import metric_checks
from genharness.testing.models import model_checks
from genharness.testing.reporters import reporter_checks
from genharness.testing.synthetic import synthetic_data
from genharness.testing.trackers import tracker_checks

__all__ = [
    "Check",
    "ConformanceError",
    "dataset_checks",
    "executor_checks",
    "extractor_checks",
    "figure_checks",
    "metric_checks",
    "model_checks",
    "reporter_checks",
    "synthetic_data",
    "tracker_checks",
]
