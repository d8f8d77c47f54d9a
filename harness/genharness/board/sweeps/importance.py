"""Which settings of a sweep matter: how far each moves a score, and how much of it a forest needs each for.

Permutation importance (Breiman 2001, "Random Forests", section 10) on held-out points, in shares of the variance of the
logarithm of the score (of the score itself where it is not positive); and plain means over each value.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from genharness.board.columns import find_column
from genharness.board.rows import Board, BoardColumn, Group, Row
from genharness.board.sheets import Entry, Sheet
from genharness.board.sweeps.untrained import untrained_notes
from genharness.errors import ConfigError, did_you_mean, shown
from genharness.spec.naming import differing_settings, setting_text
from genharness.spec.protocol import canonical_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FEWEST_POINTS", "importance_sheets"]

FEWEST_POINTS = 8
"""Rows below which a forest learns nothing that could be held out."""

_FOLDS = 4
_REPEATS = 5
_TREES = 50
_FOLLOWS = ("length",)
"""Settings that follow from others."""


def importance_sheets(board: Board, model: str, value: str) -> list[Sheet]:
    """Return a table for each group in which a model has enough rows.

    Args:
        board: With all columns.
        model: Whose settings.
        value: Key of the column that they are to explain.

    Raises:
        ConfigError: If the model has too few rows everywhere, or the column is unknown.
    """
    sheets = []
    counts = [0]
    for group in board.groups:
        rows = [row for row in group.rows if row.model == model and not row.external]
        counts.append(len(rows))
        if len(rows) >= FEWEST_POINTS:
            sheets.append(_sheet(group, model, rows, find_column({one.key: one for one in group.columns}, value)))
    if not sheets:
        known = {row.model for group in board.groups for row in group.rows}
        hint = did_you_mean(model, known) if model not in known else ""
        raise ConfigError(
            f"--importance: {shown(model)!r} has {max(counts)} rows under one protocol{hint}; it takes {FEWEST_POINTS}"
        )
    return sheets


def _sheet(group: Group, model: str, rows: Sequence[Row], column: BoardColumn) -> Sheet:
    points = [(row.settings, mean) for row in rows if (mean := row.estimates[column.key].mean) is not None]
    names = [name for name in differing_settings([one for one, _ in points]) if name not in _FOLLOWS]
    if len(points) < FEWEST_POINTS or not names:
        raise ConfigError(
            f"--importance: {len(points)} rows of {model} have {column.key} and differ: it takes {FEWEST_POINTS}"
        )
    logs = all(score > 0 for _, score in points)
    scores = [math.log(score) if logs else score for _, score in points]
    shares, explained = _permuted([[one.get(name) for name in names] for one, _ in points], scores)
    order = sorted(range(len(names)), key=lambda place: -shares[place])
    made = [[names[place], shares[place], *_effect(names[place], points, column, logs)] for place in order]
    protocol = group.protocol.hash if group.protocol else ""
    moved = "worst / best" if logs else "worst - best"
    return Sheet(
        f"{model} on {group.dataset}, protocol {protocol}: what moves {column.title} over {len(points)} rows",
        ["setting", "importance", "values", "best at", moved],
        made,
        [
            f"importance: what a forest loses of its R² on held-out rows when the setting is shuffled; its R² there is "
            f"{explained:.2f}{': too low to be believed' if explained < 0.5 else ''}",
            f"{moved}: of the {'geometric ' if logs else ''}means over all rows of each value",
            *untrained_notes(group, model, rows, column.key),
        ],
        {"dataset": group.dataset, "protocol_hash": protocol, "column": column.key, "model": model, "r2": explained},
    )


def _permuted(settings: Sequence[Sequence[Any]], scores: Sequence[float]) -> tuple[list[float], float]:
    """Return the share of variance that each setting explains on held-out rows, and the R² of all together.

    What `permutation_importance` and `cross_val_predict` of scikit-learn give, of one forest a fold for both, which is
    asked once for all shuffled rows: most of their time went into fitting it twice and asking it row by row.
    """
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import KFold

    x = np.array([_encoded(column) for column in zip(*settings, strict=True)]).T
    y = np.asarray(scores)
    forest = RandomForestRegressor(_TREES, random_state=0)
    total = ((y - y.mean()) ** 2).sum() or 1.0
    missed, lost = 0.0, np.zeros(x.shape[1])
    for train, test in KFold(_FOLDS, shuffle=True, random_state=0).split(x):
        forest.fit(x[train], y[train])
        found = forest.predict(np.concatenate([x[test], *_shuffled(x[test])])).reshape(-1, len(test))
        errors = ((found - y[test]) ** 2).sum(axis=1)
        missed += errors[0]
        lost += errors[1:].reshape(-1, _REPEATS).mean(axis=1) - errors[0]
    return [float(max(one, 0.0)) for one in lost / total], float(1 - missed / total)


def _shuffled(rows: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Give the rows with one column shuffled: of each column several, one after the other."""
    import numpy as np

    (seed,) = np.random.RandomState(0).randint(np.iinfo(np.int32).max + 1, size=1)
    for column in range(rows.shape[1]):
        draw, order, changed = np.random.RandomState(seed), np.arange(len(rows)), rows.copy()
        for _ in range(_REPEATS):
            draw.shuffle(order)
            changed[:, column] = changed[order, column]
            yield changed.copy()


def _encoded(values: Sequence[Any]) -> list[float]:
    """Return numbers as they are (a tree asks for their order alone), everything else by its place in the alphabet."""
    if all(isinstance(one, (int, float)) for one in values):
        return [float(one) for one in values]
    places = {text: place for place, text in enumerate(sorted({canonical_json(one) for one in values}))}
    return [float(places[canonical_json(one)]) for one in values]


def _effect(name: str, points: Sequence[tuple[Any, float]], column: BoardColumn, logs: bool) -> list[Entry]:
    """Return how many values a setting has, at which its rows are best on average, and how far from the worst."""
    by_value: dict[str, list[float]] = defaultdict(list)
    for one, score in points:
        by_value[setting_text(one.get(name))].append(math.log(score) if logs else score)
    means = {value: sum(several) / len(several) for value, several in by_value.items()}
    sign = -1.0 if column.column.higher_is_better else 1.0
    best = min(means, key=lambda value: sign * means[value])
    worst = max(means, key=lambda value: sign * means[value])
    apart = abs(means[worst] - means[best])
    return [len(means), best, math.exp(apart) if logs else apart]
