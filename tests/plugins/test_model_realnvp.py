"""realnvp: the paper's couplings and sizes, rows, and densities that are known."""

import itertools
import math

import pytest
import torch

from flow_models import SPECS, batch_of, build, draw, exact_log_det, loud, shape
from genharness.errors import ConfigError
from genharness.kit import Batch
from genharness.spec.options import build_config
from genharness.spec.plugins import DataShape
from genharness_model_flow.couplings import ChannelCoupling, MaskedCoupling, ResidualNetwork, checkerboard


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def millions(size, channels, **options):
    with torch.device("meta"):
        model = build("realnvp", shape(size, channels), **options)
    return sum(weight.numel() for weight in model.parameters()) / 1e6


@pytest.mark.parametrize(
    ("size", "channels", "blocks", "features", "expected"),
    [(32, 3, 8, 64, 19.63), (28, 1, 8, 64, 19.55), (32, 3, 2, 32, 1.31), (28, 1, 2, 32, 1.27)],
)
def test_parameters_are_as_many_as_in_the_published_configuration(size, channels, blocks, features, expected):
    assert round(millions(size, channels, blocks=blocks, features=features), 2) == expected


def test_the_papers_recipe_is_the_papers_network():
    config = build_config("realnvp", SPECS["realnvp"].config, SPECS["realnvp"].recipes["paper"].options)
    assert (config.blocks, config.features, config.scales, config.lr) == (8, 64, None, 1e-3)


@pytest.mark.parametrize(("size", "scales"), [(8, 2), (28, 2), (30, 2), (32, 2), (48, 3), (64, 4), (128, 5)])
def test_scales_are_two_up_to_32_pixels_and_lead_to_8_beyond(size, scales):
    with torch.device("meta"):
        model = build("realnvp", shape(size))
    assert len(model.flow.parts[1].scales) == scales


@pytest.mark.parametrize("flip", [False, True])
def test_a_coupling_by_checkerboard_keeps_half_and_knows_its_volume(flip):
    mask = checkerboard(4, 4, flip=flip)
    coupling = loud(MaskedCoupling(mask, ResidualNetwork(3, 6, 4, 1), 3)).double().eval()
    x = torch.randn(1, 3, 4, 4, generator=generator(), dtype=torch.float64)
    z, log_det = coupling(x)
    assert torch.equal(z * mask, x * mask)
    assert not torch.isclose(z, x)[(mask == 0).expand_as(x)].any()
    assert torch.allclose(coupling.inverse(z), x, atol=1e-10)
    assert log_det.item() == pytest.approx(float(exact_log_det(coupling, x)), abs=1e-8)


@pytest.mark.parametrize("flip", [False, True])
def test_a_coupling_by_channels_keeps_half_and_knows_its_volume(flip):
    coupling = loud(ChannelCoupling(ResidualNetwork(2, 4, 4, 1), 2, flip=flip)).double().eval()
    x = torch.randn(1, 4, 3, 3, generator=generator(), dtype=torch.float64)
    z, log_det = coupling(x)
    kept = slice(2, 4) if flip else slice(0, 2)
    moved = slice(0, 2) if flip else slice(2, 4)
    assert torch.equal(z[:, kept], x[:, kept])
    assert not torch.isclose(z[:, moved], x[:, moved]).any()
    assert torch.allclose(coupling.inverse(z), x, atol=1e-10)
    assert log_det.item() == pytest.approx(float(exact_log_det(coupling, x)), abs=1e-8)


def test_masks_alternate_so_that_two_couplings_move_every_pixel():
    assert torch.equal(checkerboard(3, 5, flip=False) + checkerboard(3, 5, flip=True), torch.ones(1, 1, 3, 5))
    model = loud(build("realnvp", shape(8))).eval()
    couplings = [part for part in model.flow.modules() if isinstance(part, MaskedCoupling)]
    assert all(not torch.equal(one.mask, two.mask) for one, two in itertools.pairwise(couplings[:3]))
    turns = [part.flip for part in model.flow.modules() if isinstance(part, ChannelCoupling)]
    assert turns == [False, True, False]


def test_no_network_makes_a_coupling_overflow():
    """s stays within its learnt scale, whatever the network says."""
    coupling = MaskedCoupling(checkerboard(4, 4, flip=False), torch.nn.Conv2d(1, 2, 1), 1)
    torch.nn.init.constant_(coupling.network.bias, 1e6)
    z, log_det = coupling(torch.randn(3, 1, 4, 4, generator=generator()))
    assert z.isfinite().all()
    assert log_det.abs().max().item() <= 8 + 1e-5


def test_only_scales_and_lengths_of_weights_are_decayed():
    model = build("realnvp", weight_decay=0.25)
    free, decayed = model.optimiser.param_groups
    names = {id(weight): name for name, weight in model.named_parameters()}
    assert {names[id(weight)].rpartition(".")[2] for weight in decayed["params"]} == {"scale", "original0"}
    assert {names[id(weight)].rpartition(".")[2] for weight in free["params"]} == {"weight", "bias", "original1"}
    assert (free["weight_decay"], decayed["weight_decay"]) == (0.0, 0.25)
    assert len(names) == len(free["params"]) + len(decayed["params"])


def test_a_new_model_is_the_identity_behind_the_logit():
    model = build("realnvp").eval()
    y = torch.rand(3, 1, 8, 8, generator=generator())
    with torch.no_grad():
        z, _ = model.flow(y)
        logits, _ = model.flow.parts[0](y)
    assert torch.allclose(z.sort(1).values, logits.flatten(1).sort(1).values, atol=1e-3)


@pytest.mark.parametrize(
    ("step", "progress", "expected"), [(0, 0.0, 1 / 10), (4, 0.1, 0.5), (50, 0.5, 1.0), (900, 0.9, 0.25)]
)
def test_the_rate_rises_then_falls(step, progress, expected):
    model = build("realnvp", lr=1e-2, warmup=10, decay=0.4)
    model.training_step(batch_of(model.data, step, progress=progress))
    assert model.optimiser.param_groups[0]["lr"] == pytest.approx(1e-2 * expected)


ROWS = DataShape("tabular", (2,))


def correlated(n, seed=0):
    """Return rows of a two-dimensional Gaussian, and its entropy in nats."""
    factor = torch.tensor([[1.0, 0.0], [0.8, 0.3]])
    rows = torch.randn(n, 2, generator=generator(seed)) @ factor.T
    return rows, 2 * 0.5 * math.log(2 * math.pi * math.e) + math.log(0.3)


@pytest.fixture(scope="module")
def fitted():
    model = build("realnvp", ROWS, couplings=4, hidden=16, lr=1e-2, decay=0.5, clip=1e3)
    steps = 300
    for step in range(steps):
        model.training_step(Batch(correlated(512, step)[0], None, step, step / steps))
    return model.eval()


def test_a_flow_fitted_to_a_gaussian_recovers_its_entropy(fitted):
    rows, entropy = correlated(20_000, 999)
    with torch.no_grad():
        nats = -fitted.log_density(rows).mean()
    assert float(nats) == pytest.approx(entropy, abs=0.03)
    assert float(nats) > entropy - 0.02


def test_the_density_integrates_to_one(fitted):
    points = torch.linspace(-6, 6, 401)
    grid = torch.cartesian_prod(points, points)
    with torch.no_grad():
        mass = fitted.log_density(grid).double().exp().sum() * (12 / 400) ** 2
    assert float(mass) == pytest.approx(1, abs=0.01)


def test_rows_that_are_drawn_have_the_covariance_of_the_data(fitted):
    found = torch.cov(draw(fitted, 20_000).T)
    assert torch.allclose(found, torch.cov(correlated(20_000, 5)[0].T), atol=0.05)


def test_rows_come_back_and_their_volume_is_right():
    model = loud(build("realnvp", DataShape("tabular", (5,)))).double().eval()
    x = torch.randn(1, 5, generator=generator(), dtype=torch.float64)
    z, log_det = model.flow(x)
    assert torch.allclose(model.flow.inverse(z), x, atol=1e-10)
    assert log_det.item() == pytest.approx(float(exact_log_det(model.flow, x)), abs=1e-8)


def test_rows_are_not_dequantised():
    model = build("realnvp", ROWS)
    rows = torch.randn(7, 2, generator=generator())
    assert model.dequantised(rows) is rows
    assert torch.allclose(model.bits_per_dim(rows), model.bits(rows))


def test_rows_of_one_column_are_refused():
    with pytest.raises(ConfigError, match="needs two at least"):
        build("realnvp", DataShape("tabular", (1,)))
