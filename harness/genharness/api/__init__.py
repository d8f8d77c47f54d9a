"""genharness from Python: what the commands do, as functions that return values and raise `genharness.errors`.

`run`, `plan`, `evaluate`, `leaderboard`, `compare` and `Evaluator`; `genharness` exports them. Nothing is imported
before it is used, and nothing heavy before something is computed: the commands stand on these modules.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genharness.api.boards import Comparisons, Leaderboard, compare, leaderboard
    from genharness.api.evaluator import Evaluator
    from genharness.api.samples import Evaluated, evaluate
    from genharness.api.studies import StudyPlan, StudyResult, plan, run

__all__ = [
    "Comparisons",
    "Evaluated",
    "Evaluator",
    "Leaderboard",
    "StudyPlan",
    "StudyResult",
    "compare",
    "evaluate",
    "leaderboard",
    "plan",
    "run",
]

_MODULES = {
    "boards": ("Comparisons", "Leaderboard", "compare", "leaderboard"),
    "evaluator": ("Evaluator",),
    "samples": ("Evaluated", "evaluate"),
    "studies": ("StudyPlan", "StudyResult", "plan", "run"),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f"genharness.api.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
