"""Decorators that make a class or function a plugin."""

import sys
import types

import pytest

import genharness
from genharness.errors import PluginError
from genharness.plugin.checked import checked
from genharness.plugin.hooks import HOOKS

CALLS = {
    "models": genharness.model("a-model"),
    "datasets": genharness.dataset("a-dataset", licence="CC0"),
    "extractors": genharness.extractor("an-extractor"),
    "metrics": genharness.metric("a-metric", ["distance", genharness.Column(key="spread", title="Spread")]),
    "executors": genharness.executor("an-executor"),
    "reporters": genharness.reporter("a-reporter", summary="Said otherwise"),
    "trackers": genharness.tracker("a-tracker"),
}
RECORDS = {
    "models": genharness.ModelSpec,
    "datasets": genharness.DatasetSpec,
    "extractors": genharness.ExtractorSpec,
    "metrics": genharness.MetricSpec,
    "executors": genharness.ExecutorSpec,
    "reporters": genharness.ReporterSpec,
    "trackers": genharness.TrackerSpec,
}


@pytest.fixture
def module(monkeypatch):
    made = types.ModuleType("trial_of_decorators")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def thing(module, name="Thing", qualname=None):
    return type(name, (), {"__module__": module, "__qualname__": qualname or name, "__doc__": "What it is.\n\nMore."})


@pytest.mark.parametrize("kind", CALLS)
def test_each_kind_gives_its_hook_a_spec_that_is_checked(module, kind):
    made = thing(module.__name__)
    assert CALLS[kind](made) is made
    hook = getattr(module, HOOKS[kind])
    assert hook.genharness_impl["hookwrapper"] is False
    (spec,) = hook()
    assert checked(spec, RECORDS[kind]).factory == "trial_of_decorators:Thing"
    assert spec.summary == ("Said otherwise" if kind == "reporters" else "What it is.")


def test_several_of_one_kind_are_all_given(module):
    for name in ("one", "two"):
        genharness.tracker(name)(thing(module.__name__, name.capitalize()))
    assert [spec.name for spec in module.genharness_trackers()] == ["one", "two"]


def test_the_columns_of_a_metric_may_be_keys(module):
    CALLS["metrics"](thing(module.__name__))
    assert [column.title for column in module.genharness_metrics()[0].columns] == ["distance", "Spread"]


def test_what_cannot_be_imported_again_is_refused(module):
    with pytest.raises(PluginError, match="stands in a script"):
        genharness.model("m")(thing("__main__"))
    with pytest.raises(PluginError, match="only a class or function at the top of a module"):
        genharness.model("m")(thing(module.__name__, qualname="make.<locals>.Thing"))
    with pytest.raises(PluginError, match=r"m: .*unexpected keyword argument 'famly'"):
        genharness.model("m", famly="gan")(thing(module.__name__))


def test_a_hook_of_the_modules_own_is_not_hidden(module):
    module.genharness_models = lambda: []
    with pytest.raises(PluginError, match="has a genharness_models of its own"):
        genharness.model("m")(thing(module.__name__))
