"""The checks of figures find what a page could not hold, and pass the example of the hook."""

import itertools
import sys

import pytest

from genharness.board.build import build
from genharness.figures.given import ReportFigure
from genharness.plugin.registry import load_factory, load_registry
from genharness.scaffold.examples import example_of
from genharness.spec.plugins import FigureSpec
from genharness.testing import figure_checks
from genharness.testing.check import ConformanceError
from genharness.testing.records import some_records


@pytest.fixture
def example(tmp_path, monkeypatch):
    """The example of the hook, as a third party's package."""
    for path, text in example_of("figure").items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    import seed_spread

    yield seed_spread.genharness_figures()
    for name in [name for name in sys.modules if name.startswith("seed_spread")]:
        del sys.modules[name]


def test_the_example_keeps_the_contract_and_draws_something(example):
    for check in figure_checks(example):
        check()
    (group,) = build(some_records(), load_registry()).groups
    (figure,) = load_factory(example[0])(group, None, None)
    assert dict(figure.rows) == {"vae": 2.0, "gan": 2.0, "real": 2.0}


CALLS = itertools.count()


def _other_each_time(group, folder, config):
    return [ReportFigure(title="T", caption="C", heads=("a",), rows=[(float(next(CALLS)),)])]


def _changes(group, folder, config):
    group.rows.clear()
    return []


def _writes(group, folder, config):
    if folder is not None:
        (folder / "a").write_text("")
    return []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(_other_each_time, "the second time"), (_changes, "changes the board"), (_writes, "writes into")],
)
def test_a_fault_is_found(fault, reason, monkeypatch):
    monkeypatch.setattr("genharness.testing.figures.load_factory", lambda spec: fault)
    (check, *_) = figure_checks(FigureSpec(name="mine", summary="Mine", factory="a:b"))
    with pytest.raises(ConformanceError, match=reason):
        check()
