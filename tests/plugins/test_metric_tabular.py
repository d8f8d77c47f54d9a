import numpy as np
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

from evaluations import row_evaluation
from genharness import NoOptions
from genharness_metric_tabular.tabular import Tabular, accuracy, column_distances, correlation_distance


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)


def test_a_table_is_no_distance_from_itself(rows):
    assert column_distances(rows, rows) == (0.0, 0.0)
    assert correlation_distance(rows, rows) == pytest.approx(0.0, abs=1e-12)


def test_columns_are_compared_one_by_one(rows):
    other = rows * 2 + 1
    ks, wasserstein = column_distances(rows, other)
    assert ks == pytest.approx(np.mean([ks_2samp(rows[:, i], other[:, i]).statistic for i in range(4)]))
    assert wasserstein == pytest.approx(np.mean([wasserstein_distance(rows[:, i], other[:, i]) for i in range(4)]))


def test_correlations_agree_with_numpys(rows):
    other = rows.copy()
    other[:, 1] = other[:, 0] + 0.1 * other[:, 1]
    upper = np.triu_indices(4, k=1)
    expected = np.abs(np.corrcoef(rows.T) - np.corrcoef(other.T))[upper].mean()
    assert correlation_distance(rows, other) == pytest.approx(expected, rel=1e-6)


def test_shuffled_columns_keep_marginals_and_lose_correlations(rows):
    real = rows.copy()
    real[:, 1] = real[:, 0]
    fake = np.stack([np.random.default_rng(i).permutation(real[:, i]) for i in range(4)], axis=1)
    assert column_distances(real, fake) == (0.0, 0.0)
    assert correlation_distance(real, fake) > 0.15


def test_a_constant_column_is_no_division_by_zero(rows):
    flat = rows.copy()
    flat[:, 2] = 1.0
    assert np.isfinite(correlation_distance(rows, flat))


def test_what_was_learned_from_separable_rows_is_right_and_from_one_class_is_its_share(rows):
    labels = (rows[:, 0] > 0).astype(np.int64)
    assert accuracy(rows, labels, rows, labels) > 0.95
    assert accuracy(rows, np.zeros_like(labels), rows, labels) == pytest.approx(np.mean(labels == 0))


def scored(rows, fake, fake_labels):
    labels = (rows[:, 0] > 0).astype(np.int64)
    known = {"train": labels, "test": labels, **({} if fake_labels is None else {"fake": fake_labels})}
    evaluation = row_evaluation(real=rows, train=rows, test=rows, fake=fake, labels=known)
    evaluation.class_names = ("below", "above")
    return Tabular(NoOptions()).compute(evaluation)


def test_rows_without_classes_of_their_own_have_no_usefulness_and_are_counted(rows):
    noise = np.random.default_rng(1).normal(size=(50, 4)) * 20
    found = scored(rows, noise.astype(np.float32), None)
    assert np.isnan(found["tstr"])
    assert found["unlabelled_rows"] == 50
    assert found["trtr"] > 0.95


def test_rows_with_classes_of_their_own_are_as_useful_as_they_are(rows):
    useful = scored(rows, rows, (rows[:, 0] > 0).astype(np.int64))
    useless = scored(rows, rows, np.random.default_rng(1).integers(0, 2, len(rows)))
    assert useful["tstr"] == useful["trtr"]
    assert useless["tstr"] < 0.75
    assert "unlabelled_rows" not in useful
