"""Settings to try next, asked of Optuna: random, or the tree-structured Parzen estimator; and which tries to stop.

What is asked hangs on the earlier tries and the number of the next one alone, never on a process that lived on: a
search that was killed asks the same when it goes on.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from genharness.errors import ConfigError
from genharness.results.searches import Try
from genharness.spec.axes import Axis

if TYPE_CHECKING:
    import optuna

__all__ = ["METHODS", "SettingSampler", "require_optuna"]

METHODS = ("tpe", "random")
_DRAWS = 100
"""Times that a setting is drawn anew, where it was tried before, until the space counts as exhausted."""


def require_optuna() -> None:
    """Refuse to go on without Optuna.

    Raises:
        ConfigError: If it is not installed; the message says what to install.
    """
    try:
        import optuna  # noqa: F401
    except ImportError as error:
        raise ConfigError("a search needs optuna: pip install 'genharness[search]'") from error


class SettingSampler:
    """Asks for settings.

    Args:
        axes: Where to look.
        method: One of `METHODS`.
        seed: Of its random numbers.
        higher_is_better: Which way the score is read.
    """

    def __init__(self, axes: Sequence[Axis], method: str, seed: int, *, higher_is_better: bool) -> None:
        self._axes, self._method, self._seed, self._higher = axes, method, seed, higher_is_better

    @property
    def settings(self) -> int | None:
        """How many there are; None where numbers between two ends are among them."""
        counts = [axis.count for axis in self._axes]
        return None if None in counts else math.prod(count or 0 for count in counts)

    def ask(self, tries: Sequence[Try], count: int) -> list[dict[str, Any]]:
        """Return settings that were not tried yet; fewer than `count` where there are no more.

        Args:
            tries: Those before, all of them told.
            count: How many.
        """
        study = self._study(tries)
        known = [one.options for one in tries]
        found: list[dict[str, Any]] = []
        for _ in range(count + _DRAWS):
            if len(found) == count:
                break
            options = self._options(study.ask(self._space()).params)
            if options not in known:
                known.append(options)
                found.append(options)
        return found

    def should_stop(self, tries: Sequence[Try], one: Try) -> bool:
        """Whether a try is worse at its last step than the median of the finished ones at that step."""
        import optuna

        pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_min_trials=3)
        finished = [each for each in tries if each.state == "done" and each.number != one.number]
        study = self._study(finished, pruner)
        study.enqueue_trial(one.options)
        trial = study.ask(self._space())
        for step, score in sorted(one.over_training.items(), key=lambda item: int(item[0])):
            trial.report(score, int(step))
        return bool(trial.should_prune())

    def _study(self, tries: Sequence[Try], pruner: optuna.pruners.BasePruner | None = None) -> optuna.Study:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        seed = (self._seed * 1_000_003 + len(tries)) % 2**32
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = _optunas(self._method, seed)
        direction = optuna.study.StudyDirection.MAXIMIZE if self._higher else optuna.study.StudyDirection.MINIMIZE
        study = optuna.create_study(direction=direction, sampler=sampler, pruner=pruner)
        study.add_trials([self._told(one) for one in tries])
        return study

    def _told(self, one: Try) -> optuna.trial.FrozenTrial:
        import optuna

        states = {"done": optuna.trial.TrialState.COMPLETE, "pruned": optuna.trial.TrialState.PRUNED}
        return optuna.trial.create_trial(
            state=states.get(one.state, optuna.trial.TrialState.FAIL),
            params=one.options,
            distributions=self._space(),
            value=one.score if one.state == "done" else None,
            intermediate_values={int(step): score for step, score in one.over_training.items()},
        )

    def _space(self) -> dict[str, optuna.distributions.BaseDistribution]:
        return {axis.name: _distribution(axis) for axis in self._axes}

    def _options(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """Return a setting in six digits, which people can write down and get the same cell of."""
        return {axis.name: _short(drawn[axis.name], axis) for axis in self._axes}


def _optunas(method: str, seed: int) -> optuna.samplers.BaseSampler:
    from optuna.samplers import RandomSampler, TPESampler

    if method == "random":
        return RandomSampler(seed=seed)
    return TPESampler(seed=seed, constant_liar=True, n_startup_trials=8)


def _short(value: Any, axis: Axis) -> Any:
    if not isinstance(value, float) or axis.low is None or axis.high is None:
        return value
    return min(max(float(f"{value:.6g}"), axis.low), axis.high)


def _distribution(axis: Axis) -> optuna.distributions.BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if axis.low is None or axis.high is None:
        return CategoricalDistribution(axis.choices)
    if axis.whole:
        return IntDistribution(int(axis.low), int(axis.high), log=axis.log)
    return FloatDistribution(axis.low, axis.high, log=axis.log)
