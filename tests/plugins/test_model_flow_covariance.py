"""Whitening by the data's covariance: its volume, its way back, and a flow that begins as a Gaussian."""

import dataclasses

import numpy as np
import pytest
import torch

from flow_models import SPECS, batch_of, build, draw, exact_log_det, shape
from genharness import ConfigError
from genharness.testing.synthetic import synthetic_data
from genharness_model_flow.covariance import MOST_DIMENSIONS, CovarianceNorm
from genharness_model_flow.frequency import FrequencyNorm

BY_COVARIANCE = {"whiten": "always", "whiten_by": "covariance"}


def correlated(n, of, seed=0):
    """Pictures whose pixels are mixed by one random matrix, around a mean that is no constant."""
    source = torch.Generator().manual_seed(seed)
    dimensions = int(np.prod(of))
    mix = torch.randn(dimensions, dimensions, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    mean = torch.linspace(-2, 3, dimensions, dtype=torch.float64)
    rows = torch.randn(n, dimensions, generator=source, dtype=torch.float64) @ mix + mean
    return rows.reshape(n, *of)


class Pictures:
    """What `start_from` asks of prepared data."""

    def __init__(self, pictures):
        self.pictures = pictures
        self.read = 0

    def samples(self, split):
        assert split == "train"
        return self

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, places):
        self.read += len(places)
        return self.pictures[places]


@pytest.mark.parametrize("of", [(1, 3, 4), (3, 2, 3)])
def test_it_knows_its_volume_and_its_way_back(of):
    layer = CovarianceNorm(of).double()
    layer.fit(correlated(500, of).split(100))
    x = correlated(1, of, seed=1)
    z, log_det = layer(x)
    assert torch.allclose(layer.inverse(z), x, atol=1e-8)
    assert log_det.item() == pytest.approx(float(exact_log_det(layer, x)), abs=1e-8)


def test_what_it_was_fitted_to_comes_out_white_and_each_number_closest_to_itself():
    of = (1, 3, 4)
    x = correlated(5000, of)
    layer = CovarianceNorm(of).double()
    layer.fit(x.split(999))
    z = layer(x)[0].flatten(1)
    assert torch.allclose(z.mean(0), torch.zeros(12, dtype=torch.float64), atol=1e-9)
    assert torch.allclose(torch.cov(z.T), torch.eye(12, dtype=torch.float64), atol=1e-8)
    assert torch.allclose(layer.whitening, layer.whitening.T)
    # Another whitening, the same one turned, is farther from what it whitens (Kessy et al. 2018, equation 17).
    turn = torch.linalg.qr(torch.randn(12, 12, generator=torch.Generator().manual_seed(1), dtype=torch.float64)).Q
    centred = x.flatten(1) - x.flatten(1).mean(0)
    assert (z - centred).square().sum() < (z @ turn - centred).square().sum()


@torch.no_grad()
def test_of_fewer_pictures_than_pixels_every_direction_has_variance_one():
    pictures = np.random.default_rng(0).integers(60, 200, (10, 1, 8, 8), np.uint8)
    model = build("realnvp", shape(8), **BY_COVARIANCE)
    model.start_from(Pictures(pictures))
    logit, norm = model.flow.parts[:2]
    x = torch.from_numpy(pictures).float().repeat(300, 1, 1, 1) / 127.5 - 1
    z = norm(logit(model.dequantised(x, torch.Generator().manual_seed(1)))[0])[0].flatten(1)
    assert torch.linalg.eigvalsh(torch.cov(z.T)).min() > 0.5
    assert torch.linalg.eigvalsh(torch.cov(z.T)).max() < 2


def test_pixels_that_never_change_are_survived():
    layer = CovarianceNorm((1, 4, 4))
    x = torch.rand(50, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    x[:, :, 0] = 0.5
    layer.fit([x])
    assert torch.isfinite(layer(x)[0]).all()
    assert torch.allclose(layer.inverse(layer(x)[0]), x, atol=1e-3)


@torch.no_grad()
@pytest.mark.parametrize("name", ["realnvp", "glow"])
def test_before_a_step_is_taken_samples_have_the_data_s_covariance(name):
    pictures = np.array(synthetic_data().samples("train"))
    real = pictures.reshape(len(pictures), -1) / 127.5 - 1
    data = shape(pictures.shape[2], pictures.shape[1])

    def far(**options):
        model = build(name, data, **options)
        model.start_from(Pictures(pictures))
        model.begin(model.dequantised(torch.from_numpy(pictures[:500]).float() / 127.5 - 1))
        drawn = draw(model, 4000).flatten(1).numpy()
        return np.linalg.norm(np.cov(drawn.T) - np.cov(real.T)) / np.linalg.norm(np.cov(real.T))

    assert far(**BY_COVARIANCE) < 0.6 * far(whiten="never")


def test_the_norm_is_of_pictures_throughout_the_data_and_of_no_more_than_it_needs():
    most = 16 * MOST_DIMENSIONS
    pictures = np.zeros((most + 5000, 1, 2, 2), np.uint8)
    pictures[-1] = 200
    data = Pictures(pictures)
    model = build("realnvp", shape(2), scales=1, **BY_COVARIANCE)
    model.start_from(data)
    assert data.read == most
    without = build("realnvp", shape(2), scales=1, **BY_COVARIANCE)
    without.start_from(Pictures(pictures[:-1]))
    seen, unseen = (next(part for part in m.flow.parts if isinstance(part, CovarianceNorm)) for m in (model, without))
    assert (seen.colouring.diagonal() > 1.01 * unseen.colouring.diagonal()).all()  # the last picture is one of those


@pytest.mark.parametrize("name", ["realnvp", "glow"])
def test_options_say_by_what_and_large_pictures_are_whitened_by_frequency(name):
    def norms(size, channels, **options):
        return [type(part) for part in build(name, shape(size, channels), **options).flow.parts[1:-1]]

    assert norms(8, 3, whiten="colour", whiten_by="covariance") == [CovarianceNorm]
    assert norms(8, 1, whiten="colour", whiten_by="covariance") == []
    assert norms(8, 3, whiten="colour") == [FrequencyNorm]
    assert MOST_DIMENSIONS < 3 * 40 * 40
    assert norms(40, 3, **BY_COVARIANCE) == [FrequencyNorm]
    assert norms(40, 3, whiten="photographs", whiten_by="covariance") == [FrequencyNorm]
    assert norms(72, 1, whiten="photographs", whiten_by="covariance") == []


@torch.no_grad()
def test_no_precision_that_a_cell_may_have_shortens_its_products(monkeypatch):
    of, x = (1, 8, 8), correlated(2000, (1, 8, 8)).float()
    seen = []
    product = torch.Tensor.__matmul__

    def watched(left, right):
        seen.append(torch.get_float32_matmul_precision())
        return product(left, right)

    layer = CovarianceNorm(of)
    monkeypatch.setattr(torch.Tensor, "__matmul__", watched)
    torch.set_float32_matmul_precision("medium")
    try:
        layer.fit([x])
        seen[:] = [one for one in seen if one != "medium"]  # those of float64 are not shortened
        layer.inverse(layer(x)[0])
        after = torch.get_float32_matmul_precision()
    finally:
        torch.set_float32_matmul_precision("highest")
    assert seen == ["highest"] * 3
    assert after == "medium"


@pytest.mark.parametrize(("extreme", "whitened"), [(0.0, True), (0.2, True), (0.3, False), (0.9, False)])
def test_pictures_that_are_mostly_black_or_white_are_no_photographs(extreme, whitened):
    random = np.random.default_rng(0)
    pictures = random.integers(1, 255, (200, 1, 8, 8), np.uint8)
    ends = random.random(pictures.shape) < extreme
    pictures[ends] = random.choice([0, 255], ends.sum())
    model = build("realnvp", shape(8), whiten="photographs", whiten_by="covariance")
    model.start_from(Pictures(pictures))
    norm = model.flow.parts[1]
    assert isinstance(norm, CovarianceNorm)
    assert torch.equal(norm.whitening, torch.eye(64)) is not whitened
    always = build("realnvp", shape(8), **BY_COVARIANCE)
    always.start_from(Pictures(pictures))
    assert not torch.equal(always.flow.parts[1].whitening, torch.eye(64))


def test_photographs_by_frequency_are_refused_with_what_to_set():
    with pytest.raises(ConfigError, match="whiten_by=covariance"):
        build("realnvp", shape(8), whiten="photographs")


def test_it_is_in_the_state_and_no_step_changes_it():
    model = build("realnvp", shape(8), lr=1e-2, **BY_COVARIANCE).train()
    model.start_from(Pictures(np.random.default_rng(0).integers(0, 256, (100, 1, 8, 8), np.uint8)))
    before = {name: value.clone() for name, value in model.state_dict().items() if name.startswith("flow.parts.1.")}
    assert {name.rpartition(".")[2] for name in before} == {"mean", "whitening", "colouring", "log_det"}
    for step in range(2):
        model.training_step(batch_of(model.data, step))
    again = build("realnvp", shape(8), **BY_COVARIANCE)
    again.load_state_dict(model.state_dict())
    for name, value in before.items():
        assert torch.equal(again.state_dict()[name], value)


def test_flows_that_are_not_whitened_so_do_not_look():
    class Unread:
        def samples(self, split):
            raise AssertionError("nothing is to be read")

    for name, spec in SPECS.items():
        build(name, shape(8)).start_from(Unread())
        build(name, shape(8), whiten="always").start_from(Unread())
        assert spec.recipes["paper"].options.get("whiten", "never") == "never"


def test_rows_have_no_covariance_taken():
    data = dataclasses.replace(shape(8), modality="tabular", shape=(5,), classes=0)
    model = build("realnvp", data, **BY_COVARIANCE)
    assert not any(isinstance(part, CovarianceNorm) for part in model.flow.modules())
