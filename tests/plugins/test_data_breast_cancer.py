"""The breast-cancer table: split, standardised on train, described."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from genharness import DataError
from genharness.data import ensure_prepared
from genharness_data_tabular import genharness_datasets
from genharness_data_tabular.breast_cancer import units_of


@pytest.fixture(scope="module")
def spec():
    return genharness_datasets()[0]


@pytest.fixture
def data(spec):
    return ensure_prepared(spec, "breast-cancer")


def test_spec_tells_what_is_prepared(spec, data):
    assert (data.meta.modality, data.meta.shape) == (spec.modality, spec.shape) == ("tabular", (30,))
    assert data.meta.counts == spec.counts == {"train": 455, "test": 114}


def test_classes_are_malignant_then_benign_in_their_known_numbers(data):
    both = {name: data.class_counts("train")[name] + data.class_counts("test")[name] for name in data.class_names}
    assert both == {"malignant": 212, "benign": 357}


def test_split_is_stratified(data):
    shares = [data.class_counts(split)["malignant"] / data.meta.counts[split] for split in data.splits]
    assert shares == pytest.approx([212 / 569] * 2, abs=0.005)


def test_train_columns_have_mean_zero_and_deviation_one(data):
    rows = np.asarray(data.samples("train"), np.float64)
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(rows.std(axis=0), 1, atol=1e-6)


def test_test_columns_keep_the_moments_that_train_gave_them(data):
    assert np.abs(np.asarray(data.samples("test"), np.float64).mean(axis=0)).max() > 1e-3


def test_no_row_stands_in_both_splits(data):
    train = {row.tobytes() for row in data.samples("train")}
    assert not train & {row.tobytes() for row in data.samples("test")}


def test_columns_keep_their_names(data):
    assert len(data.meta.column_names) == 30
    assert data.meta.column_names[3] == "mean area"


def test_second_preparation_has_the_same_content(spec, data):
    assert ensure_prepared(spec, "breast-cancer", force=True).content_hash == data.content_hash


def test_units_are_those_of_the_rows_that_are_given():
    units = units_of(np.array([[0.0], [2.0]]))
    np.testing.assert_allclose(units.standardised(np.array([[0.0], [2.0], [100.0]])), [[-1], [1], [99]])


def test_constant_column_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="column 1 is constant"):
        units_of(np.array([[0.0, 3.0], [1.0, 3.0]]))


def test_the_units_give_the_values_of_the_source_again(data):
    raw = {tuple(row) for row in load_breast_cancer().data.round(6).tolist()}
    train = data.units.raw(data.samples("train"))
    assert all(np.abs(np.array(list(raw)) - row).max(axis=1).min() < 1e-3 for row in train[:20])


def test_from_is_refused_because_it_is_bundled(spec, tmp_path):
    with pytest.raises(DataError, match="leave --from out"):
        ensure_prepared(spec, "breast-cancer", source=tmp_path)
