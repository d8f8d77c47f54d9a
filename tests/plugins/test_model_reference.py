import math

import numpy as np
import pytest
import torch

from genharness import DataError, DataShape, NoOptions, RunError
from genharness.testing import synthetic_data
from genharness.testing.synthetic import TEST, TRAIN
from genharness_model_reference import genharness_models
from genharness_model_reference.class_gmm import ClassGMM
from genharness_model_reference.configs import ClassGMMConfig
from genharness_model_reference.gaussian import Gaussian, leading_components
from genharness_model_reference.noise import Noise
from genharness_model_reference.stored import Memoriser, Real

TABLE = synthetic_data(tabular=True)
IMAGES = synthetic_data(8, 3)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def fitted(cls, data=IMAGES, config=None):
    model = cls(data.shape, config or NoOptions())
    model.fit(data)
    return model.eval()


def as_uint8(samples):
    return ((samples + 1) * 127.5).round().to(torch.uint8).numpy()


def sorted_rows(samples):
    return np.unique(samples.reshape(len(samples), -1), axis=0)


def drawn_in_batches(model, n, size, seed=0):
    source = generator(seed)
    return torch.cat([model.sample(min(size, n - start), labels=None, generator=source) for start in range(0, n, size)])


@pytest.mark.parametrize(("cls", "split"), [(Real, "test"), (Memoriser, "train")])
def test_a_whole_split_is_given_back_exactly_and_once_however_it_is_drawn(cls, split):
    stored = IMAGES.samples(split)
    drawn = drawn_in_batches(fitted(cls), len(stored), 25)
    assert np.array_equal(sorted_rows(as_uint8(drawn)), sorted_rows(stored))


def test_rows_of_a_table_are_given_back_exactly():
    drawn = fitted(Real, TABLE).sample(TEST, labels=None, generator=generator())
    assert np.array_equal(sorted_rows(drawn.numpy()), sorted_rows(TABLE.samples("test")))


def test_the_order_is_the_generators():
    model = fitted(Real)
    one, same, other = (model.sample(10, labels=None, generator=generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_real_refuses_more_than_is_held_out():
    with pytest.raises(RunError, match=f"{TEST + 1} samples were asked for and {TEST} are held out"):
        fitted(Real).sample(TEST + 1, labels=None, generator=generator())


def test_real_can_be_drawn_from_any_number_of_times():
    model, source = fitted(Real), generator()
    for _ in range(10):
        drawn = model.sample(TEST - 1, labels=None, generator=source)
        assert len(sorted_rows(as_uint8(drawn))) == TEST - 1


def test_the_memoriser_begins_again_when_all_are_given():
    drawn = fitted(Memoriser).sample(2 * TRAIN + 5, labels=None, generator=generator())
    _, counts = np.unique(as_uint8(drawn).reshape(len(drawn), -1), axis=0, return_counts=True)
    assert set(counts.tolist()) == {2, 3}


@pytest.mark.parametrize("cls", [Real, Memoriser, Gaussian])
def test_sampling_before_fitting_says_so(cls):
    with pytest.raises(RunError, match="call fit"):
        cls(IMAGES.shape, NoOptions()).sample(1, labels=None, generator=generator())


def test_noise_is_uniform_over_pixels():
    drawn = Noise(DataShape("image", (1, 8, 8)), NoOptions()).sample(2000, labels=None, generator=generator())
    assert drawn.min() > -1.0001
    assert drawn.max() < 1.0001
    assert float(drawn.var()) == pytest.approx(1 / 3, abs=0.01)


def test_noise_columns_are_standardised():
    drawn = Noise(TABLE.shape, NoOptions()).sample(20_000, labels=None, generator=generator())
    assert torch.allclose(drawn.mean(0), torch.zeros(6), atol=0.03)
    assert torch.allclose(drawn.var(0), torch.ones(6), atol=0.03)


def test_the_gaussian_has_the_moments_of_the_training_split():
    drawn = fitted(Gaussian, TABLE).sample(50_000, labels=None, generator=generator()).numpy()
    rows = TABLE.samples("train")
    assert np.allclose(drawn.mean(0), rows.mean(0), atol=0.03)
    assert np.allclose(np.cov(drawn.T), np.cov(rows.T), atol=0.03)


def test_the_gaussian_of_pixels_has_their_moments():
    model = fitted(Gaussian)
    pixels = IMAGES.samples("train").reshape(TRAIN, -1) / 127.5 - 1
    assert np.allclose(model.mean, pixels.mean(0), atol=1e-5)
    assert np.allclose(model.factor.T @ model.factor, np.cov(pixels.T), atol=1e-5)


def test_samples_of_a_gaussian_are_clamped():
    drawn = fitted(Gaussian).sample(500, labels=None, generator=generator())
    assert float(drawn.abs().max()) == 1.0


def test_leading_components_keep_the_leading_covariance_and_every_variance():
    source = np.random.default_rng(0)
    axes = np.linalg.qr(source.normal(size=(60, 60)))[0]
    spectrum = np.concatenate([np.full(5, 400.0), np.full(55, 0.5)])
    rows = source.normal(size=(3000, 60)) * np.sqrt(spectrum) @ axes.T + 100
    mean, factor, residual = leading_components(rows, 5)
    covariance = np.cov(rows.T)
    variances, vectors = np.linalg.eigh(covariance)
    leading = (vectors[:, -5:] * variances[-5:]) @ vectors[:, -5:].T
    assert np.allclose(mean, rows.mean(0))
    assert np.allclose(factor.T @ factor, leading, atol=0.05)
    assert np.allclose((factor**2).sum(0) + residual**2, np.diag(covariance), rtol=1e-4)


def test_more_dimensions_than_a_square_matrix_is_worth_are_fitted_through_components(monkeypatch):
    monkeypatch.setattr("genharness_model_reference.gaussian.EXACT_DIMENSIONS", 100)
    monkeypatch.setattr("genharness_model_reference.gaussian.COMPONENTS", 20)
    model = fitted(Gaussian)
    assert model.factor.shape == (20, math.prod(IMAGES.shape.shape))
    pixels = IMAGES.samples("train").reshape(TRAIN, -1) / 127.5 - 1
    assert np.allclose((model.factor**2).sum(0) + model.residual**2, pixels.var(0, ddof=1), atol=1e-4)


def test_class_gmm_gives_the_class_that_is_asked_for():
    model = fitted(ClassGMM, TABLE, ClassGMMConfig(components=1))
    labels = torch.arange(4000) % 4
    drawn = model.sample(4000, labels=labels, generator=generator()).numpy()
    train, truth = TABLE.samples("train"), TABLE.labels("train")
    for index in range(4):
        assert np.allclose(drawn[labels == index].mean(0), train[truth == index].mean(0), atol=0.1)


def test_class_gmm_draws_classes_by_their_shares_when_none_is_asked_for():
    model = fitted(ClassGMM, TABLE, ClassGMMConfig(components=1))
    model.shares.copy_(torch.tensor([0.0, 0.0, 0.0, 1.0]))
    drawn = model.sample(2000, labels=None, generator=generator()).numpy()
    train, truth = TABLE.samples("train"), TABLE.labels("train")
    assert np.allclose(drawn.mean(0), train[truth == 3].mean(0), atol=0.1)


def test_class_gmm_names_a_class_that_is_too_small():
    with pytest.raises(DataError, match=r"class-gmm: group 0 has 40 samples.*lower class-gmm.components"):
        fitted(ClassGMM, TABLE, ClassGMMConfig(components=41))


def test_every_reference_row_looks_at_the_data_once_and_is_never_trained():
    assert {spec.name for spec in genharness_models()} == {"real", "noise", "memoriser", "gaussian", "class-gmm"}
    assert not any(spec.trained for spec in genharness_models())
