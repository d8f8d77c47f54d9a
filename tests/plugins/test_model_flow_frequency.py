"""Whitening by spatial frequency: the transform, its volume, how it begins, and what a flow makes of noise with it."""

import pytest
import scipy.fft
import torch

from flow_models import SPECS, batch_of, build, draw, exact_log_det, loud, shape
from genharness.spec.plugins import DataShape
from genharness_model_flow.frequency import FrequencyNorm, cosine_transform


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def smooth_images(n, size=8, channels=3):
    """Images in (0, 1) whose pixels and colours are alike: walks over both sides, each colour near the same one."""
    steps = torch.randn(n, 1, size, size, generator=generator(1)).cumsum(2).cumsum(3)
    tint = 0.3 * torch.randn(n, channels, size, size, generator=generator(2))
    return torch.sigmoid(0.3 * (steps + tint))


@pytest.mark.parametrize("n", [1, 2, 3, 8, 28, 31])
def test_the_transform_is_scipys_and_turns_nothing_around(n):
    x = torch.randn(4, n, generator=generator(), dtype=torch.float64)
    matrix = cosine_transform(n).double()
    expected = torch.from_numpy(scipy.fft.dct(x.numpy(), norm="ortho"))
    assert torch.allclose(x @ matrix.T, expected, atol=1e-6)
    assert torch.allclose(matrix @ matrix.T, torch.eye(n, dtype=torch.float64), atol=1e-6)


@pytest.mark.parametrize("of", [(1, 4, 4), (3, 4, 4), (2, 3, 5)])
def test_it_knows_its_volume_and_its_way_back(of):
    layer = loud(FrequencyNorm(of)).double()
    x = torch.rand(1, *of, generator=generator(), dtype=torch.float64)
    z, log_det = layer(x)
    assert torch.allclose(layer.inverse(z), x, atol=1e-6)
    assert log_det.item() == pytest.approx(float(exact_log_det(layer, x)), abs=1e-5)


@torch.no_grad()
def test_the_first_batch_comes_out_white_and_keeps_its_places():
    layer = FrequencyNorm((3, 8, 8))
    layer.beginning = True
    x = smooth_images(4000)
    z, _ = layer(x)
    assert torch.allclose(z.mean(0), torch.zeros(3, 8, 8), atol=1e-4)
    neighbours = (z[..., 1:] * z[..., :-1]).mean().abs()
    before = x - x.mean(0)
    assert neighbours < 0.05 < (before[..., 1:] * before[..., :-1]).mean() / before.square().mean()
    # Where a pixel was moves most where it is: the way to frequencies and back leaves places alone.
    layer.beginning = False
    moved = x[:1].clone()
    moved[0, :, 3, 4] += 0.1
    change = (layer(moved)[0] - z[:1]).abs().sum(1)[0]
    assert change.argmax().item() == 3 * 8 + 4


@torch.no_grad()
@pytest.mark.parametrize("name", ["realnvp", "glow"])
def test_before_a_step_is_taken_noise_becomes_images_as_smooth_as_the_data(name):
    def alike(whiten):
        model = build(name, shape(8, 3), whiten=whiten).eval()
        model.begin(smooth_images(500))
        x = draw(model, 400)
        x = x - x.mean(0)
        return float((x[..., 1:] * x[..., :-1]).mean() / x.square().mean())

    assert alike("always") > 0.7
    assert alike("never") < 0.3


@pytest.mark.parametrize("name", ["realnvp", "glow"])
@pytest.mark.parametrize(
    ("whiten", "channels", "norms"), [("never", 3, 0), ("colour", 3, 1), ("colour", 1, 0), ("always", 1, 1)]
)
def test_the_option_says_which_pictures_are_whitened(name, whiten, channels, norms):
    model = build(name, shape(8, channels), whiten=whiten)
    assert sum(isinstance(part, FrequencyNorm) for part in model.flow.modules()) == norms


def test_the_norm_learns_on():
    model = build("realnvp", shape(8, 3), whiten="always", lr=1e-2).train()
    for step in range(2):
        before = {name: value.detach().clone() for name, value in model.named_parameters()}
        model.training_step(batch_of(model.data, step))
    after = dict(model.named_parameters())
    for name in ("flow.parts.1.bias", "flow.parts.1.log_scale"):
        assert not torch.equal(before[name], after[name])


def test_rows_have_no_frequencies_and_the_quick_recipe_serves_them_as_well():
    smoke = SPECS["realnvp"].recipes["smoke"].options
    rows = build("realnvp", DataShape("tabular", (5,), train_count=100), **smoke)
    assert rows.config.whiten == "photographs"
    assert not any(isinstance(part, FrequencyNorm) for part in rows.flow.modules())
    rows.training_step(batch_of(rows.data))


def test_the_papers_flow_is_not_whitened():
    for spec in SPECS.values():
        assert spec.recipes["paper"].options.get("whiten", "never") == "never"
