"""Which settings move a score."""

import math
from unittest.mock import patch

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import KFold, cross_val_predict

from board_records import record
from genharness.board.build import build
from genharness.board.sweeps.importance import _permuted, importance_sheets
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry


def board(noise):
    """A grid of 36 points whose log score hangs on lr strongly, on norm weakly, on beta not at all."""
    draw = np.random.default_rng(0)
    records = []
    for place, lr in enumerate([1e-5, 1e-4, 1e-3]):
        for norm in ("batch", "none"):
            for beta in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5):
                score = math.exp(
                    1.0 * place * (1 - noise) + 0.3 * (norm == "none") * (1 - noise) + noise * draw.normal()
                )
                records.append(record("vae", score, options={"lr": lr, "norm": norm, "beta": beta}))
    return build(records, load_registry())


def test_settings_stand_in_the_order_in_which_they_matter_with_shares_of_the_variance():
    (sheet,) = importance_sheets(board(0.0), "vae", "fid")
    told = {row[0]: row[1:] for row in sheet.rows}
    assert [row[0] for row in sheet.rows] == ["lr", "norm", "beta"]
    variance = {"lr": 2 / 3, "norm": 0.3**2 / 4}
    share = variance["lr"] / sum(variance.values())
    assert told["lr"][0] == pytest.approx(2 * share, rel=0.25)  # shuffling doubles what is not explained
    assert told["beta"][0] < 0.02
    assert told["lr"][1:] == [3, "1e-05", pytest.approx(math.exp(2.0))]
    assert told["norm"][1:] == [2, "batch", pytest.approx(math.exp(0.3))]
    assert "too low" not in sheet.notes[0]


def test_settings_of_which_no_seed_trained_are_named():
    records = [record("vae", float(lr), options={"lr": lr}) for lr in range(1, 10)]
    lost = record("vae", None, status="diverged", options={"lr": 99})
    (sheet,) = importance_sheets(build([*records, lost], load_registry()), "vae", "fid")
    assert sheet.notes[-1] == "left out, since no seed ended well: lr=99"


def test_one_forest_a_fold_gives_what_scikit_learn_finds_with_its_own():
    draw = np.random.default_rng(0)
    x = np.column_stack([draw.integers(0, 4, 30), draw.integers(0, 3, 30), draw.random(30)]).astype(float)
    y = x[:, 0] + 0.5 * x[:, 1] + 0.1 * draw.normal(size=30)
    forest, folds = RandomForestRegressor(50, random_state=0), KFold(4, shuffle=True, random_state=0)
    total, lost = ((y - y.mean()) ** 2).sum(), 0
    for train, test in folds.split(x):
        forest.fit(x[train], y[train])
        asked = {"scoring": "neg_mean_squared_error", "n_repeats": 5, "random_state": 0}
        lost += permutation_importance(forest, x[test], y[test], **asked).importances_mean * len(test)
    explained = 1 - ((y - cross_val_predict(forest, x, y, cv=folds)) ** 2).sum() / total
    with patch.object(RandomForestRegressor, "fit", autospec=True, side_effect=RandomForestRegressor.fit) as fits:
        found, together = _permuted(x.tolist(), y.tolist())
    assert found == pytest.approx(np.maximum(lost / total, 0), rel=1e-12)
    assert together == pytest.approx(explained, rel=1e-12)
    assert fits.call_count == 4


@pytest.mark.slow
def test_where_nothing_matters_it_is_said_that_the_forest_knows_nothing():
    (sheet,) = importance_sheets(board(1.0), "vae", "fid")
    assert "too low to be believed" in sheet.notes[0]


@pytest.mark.parametrize(
    ("model", "value", "message"),
    [
        ("dcgan", "fid", "'dcgan' has 0 rows under one protocol; known: vae; it takes 8"),
        ("vae", "fdi", "no column 'fdi'"),
    ],
)
def test_too_few_rows_are_refused(model, value, message):
    with pytest.raises(ConfigError, match=message):
        importance_sheets(board(0.0), model, value)
