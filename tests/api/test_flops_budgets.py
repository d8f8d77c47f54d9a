"""Budgets in operations are refused before anything is trained where operations cannot be counted."""

import pytest

from genharness.api import plan, run
from genharness.api.asking import ask
from genharness.api.searching import prepare_search
from genharness.errors import ConfigError
from genharness.spec.report import silent
from genharness.study.search import SearchOptions

TINY = {"models": "gan,vae", "datasets": "digits", "metrics": "fid", "features": "pixels"}
COUNT = "genharness.cells.costs.step_work"


@pytest.mark.parametrize("do", [plan, run])
def test_each_model_whose_operations_are_not_counted_is_told_in_a_line_before_anything_is_written(
    do, tmp_path, monkeypatch
):
    monkeypatch.setattr(COUNT, lambda *_: (0.0, 0.0))
    with pytest.raises(ConfigError) as raised:
        do(**TINY, budget="1e9flops", seeds=3, set={"gan": {"lr": [1e-3, 1e-4]}}, results=tmp_path / "results")
    reason = "(a step of it has none that torch counts): give it steps, epochs, kimg or seconds"
    assert raised.value.lines == tuple(f"{one} cannot be given a budget in FLOPs {reason}" for one in ("gan", "vae"))
    assert not (tmp_path / "results").exists()


def test_a_search_with_such_a_budget_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(COUNT, lambda *_: (0.0, 0.0))
    asked = ask(None, {**TINY, "models": "vae", "budget": "1e9flops", "baselines": False, "results": tmp_path / "r"})
    with pytest.raises(ConfigError, match="vae cannot be given a budget in FLOPs"):
        prepare_search(asked, SearchOptions(method="random"), ("lr=1e-4..1e-2:log",), silent)


def test_what_can_be_counted_is_planned_and_other_budgets_are_not_counted(tmp_path, monkeypatch):
    counted = plan(**TINY, budget="1e9flops", results=tmp_path)
    monkeypatch.setattr(COUNT, lambda *_: pytest.fail("counted for nothing"))
    others = plan(**TINY, budget="4steps", results=tmp_path)
    assert [row["model"] for row in counted.rows()] == [row["model"] for row in others.rows()]
