"""Cells of a small study on digits, planned and prepared, as an executor is given them."""

from genharness.data import ensure_prepared, parse_reference
from genharness.data.facts import facts_reader
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.cell import Settings
from genharness.spec.report import silent
from genharness.study.plan import expand
from genharness.study.suite import Suite


def planned(folder, **suite):
    """Return the tasks of a suite on 100 digits whose results go into a folder."""
    registry, reference = load_registry(), parse_reference("digits#100")
    ensure_prepared(registry.datasets.find("digits"), reference)
    Store(folder).open_for_writing()
    given = {"datasets": ("digits#100",), "metrics": ("fid",), "features": "pixels", "samples": 20, "baselines": False}
    settings = Settings(results=folder, device="cpu", threads=1)
    return expand(Suite(**given, **suite), registry, settings, facts_reader(registry, None, silent)).tasks
