"""The GANs: what they promise of shapes, determinism and resuming, and what their papers promise."""

from __future__ import annotations

import copy
import dataclasses

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gan_models import CLASSES, SPECS, batch_of, build, draw, parameters_of, shape, train
from genharness.errors import ConfigError
from genharness.kit import Batch, Interpolates
from genharness.kit.dequantise import GreyLevels
from genharness.kit.precision import autocast
from genharness.spec.options import option_errors
from genharness.spec.plugins import DataShape
from genharness_model_gan import base, configs, losses, resnet_body

IMAGE_MODELS = sorted(SPECS)
TABULAR_MODELS = sorted(name for name, spec in SPECS.items() if "tabular" in spec.modalities)
CRITIC_MODELS = ["biggan-lite", "cgan-pd", "sagan", "sn-wgan-gp", "sngan", "wgan", "wgan-gp"]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [8, 16, 28, 30, 32, 64])
@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_five_steps_and_samples_at_every_size(name, size, channels):
    model = build(name, shape(size, channels))
    for step_losses in train(model, 5):
        assert all(value.isfinite() and value.dim() == 0 for value in step_losses.values())
    samples = draw(model)
    assert samples.shape == (6, channels, size, size)
    assert samples.abs().max() <= 1
    assert samples.std() > 0


@pytest.mark.parametrize("name", ["wgan-gp", "sn-wgan-gp"])
def test_the_dcgan_body_trains_under_a_gradient_penalty(name):
    model = build(name, shape(28), body="dcgan")
    assert all(value.isfinite() for step_losses in train(model, 3) for value in step_losses.values())
    assert not any(isinstance(part, nn.BatchNorm2d) for part in model.D.modules())


@pytest.mark.parametrize("name", TABULAR_MODELS)
def test_tables_are_generated_without_a_bound(name):
    model = build(name, DataShape("tabular", (30,), classes=2, train_count=100))
    train(model, 3)
    model.G.layers[-1].bias.data.fill_(5.0)
    samples = draw(model)
    assert samples.shape == (6, 30)
    assert samples.max() > 1


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_samples_depend_on_the_generator_alone(name):
    model = build(name, shape())
    train(model, 1)
    first = draw(model)
    torch.manual_seed(99)
    assert torch.equal(draw(model), first)
    assert not torch.equal(draw(model, seed=1), first)


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_training_repeats_under_one_seed(name):
    runs = [train(build(name, shape()), 3) for _ in range(2)]
    assert runs[0] == runs[1]


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_a_checkpoint_goes_on_bit_identically(name, tmp_path):
    model = build(name, shape())
    train(model, 3)
    saved = {"model": model.state_dict(), "training": model.training_state(), "rng": torch.get_rng_state()}
    torch.save(saved, tmp_path / "checkpoint.pt")
    expected = train(model, 3, start=3)

    loaded = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    resumed = build(name, shape())
    resumed.load_state_dict(loaded["model"])
    resumed.load_training_state(loaded["training"])
    torch.set_rng_state(loaded["rng"])
    assert train(resumed, 3, start=3) == expected
    after = resumed.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in model.state_dict().items())


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_every_step_names_the_same_losses_without_a_graph(name):
    steps = train(build(name, shape()), 6)
    assert all(step.keys() == steps[0].keys() for step in steps)
    assert "generator_loss" in steps[0]
    assert {"discriminator_loss", "critic_loss"} & steps[0].keys()
    assert not any(value.requires_grad for step in steps for value in step.values())


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_a_loss_of_one_step_is_not_changed_by_the_next(name):
    model = build(name, shape())
    (first,) = train(model, 1)
    before = copy.deepcopy(first)
    train(model, 5, start=1)
    assert first == before


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_interpolations_are_paths_of_images(name):
    model = build(name, shape(16, 3))
    train(model, 1)
    model.eval()
    assert isinstance(model, Interpolates)
    with torch.no_grad():
        images = model.interpolate(3, 5, generator=torch.Generator().manual_seed(0))
    assert images.shape == (15, 3, 16, 16)
    assert images.abs().max() <= 1
    rows = images.unflatten(0, (3, 5))
    neighbours = (rows[:, 1:] - rows[:, :-1]).abs().mean()
    ends = (rows[:, -1] - rows[:, 0]).abs().mean()
    assert neighbours < ends


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_samples_are_drawn_codes_that_are_decoded(name):
    model = build(name, shape())
    train(model, 1)
    model.eval()
    labels = torch.arange(4) % model.classes if model.classes else None
    with torch.no_grad():
        expected = model.sample(4, labels=labels, generator=torch.Generator().manual_seed(0))
        codes = model.draw_latents(4, labels=labels, generator=torch.Generator().manual_seed(0))
        assert torch.equal(model.decode_latents(codes, labels), expected)
    assert codes.ndim == 2


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_the_averaged_module_is_all_that_sampling_needs(name):
    model = build(name, shape())
    before = draw(model)
    for parameter in model.D.parameters():
        parameter.data.zero_()
    assert torch.equal(draw(model), before)
    assert model.averaged_module() is model.G


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_steps_in_bfloat16_move_every_weight_of_both_players(name):
    model = build(name, shape(16), width=8)
    before = {key: parameter.clone() for key, parameter in model.named_parameters()}
    # What a gain of 0 hides gets its first gradient in the second step; networks grow until past the middle.
    for progress in (0.0, 0.2, 0.3, 0.4, 0.9):
        with autocast(torch.device("cpu"), "bf16"):
            step_losses = model.training_step(dataclasses.replace(batch_of(model.data), progress=progress))
    assert all(value.isfinite() for value in step_losses.values())
    still = [key for key, parameter in model.named_parameters() if torch.equal(parameter, before[key])]
    # In a difference of a critic's mean scores its last bias cancels out.
    assert still == (["D.head.bias"] if "wgan" in name else [])


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_images_are_made_in_float32_whatever_the_precision(name):
    model = build(name, shape())
    labels = [torch.zeros(2, dtype=torch.int64)] if model.classes else []
    with autocast(torch.device("cpu"), "bf16"):
        assert model.G(model.noise(2), *labels).dtype == torch.float32


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_dequantised_images_stay_within_their_levels(name, monkeypatch):
    data = dataclasses.replace(shape(), levels=17)
    levels = GreyLevels.of(data)
    x = levels.images(torch.randint(17, (4, 1, 8, 8)))
    model = build(name, data, dequantise=True)
    seen = []
    monkeypatch.setattr(type(model), "play", lambda self, batch: seen.append(batch.data))
    model.training_step(Batch(x, torch.zeros(4, dtype=torch.int64), 0, 0.0))
    (y,) = seen
    assert (y != x).float().mean() > 0.9
    torch.testing.assert_close(levels.quantise((y + 1) / 2), x)
    assert y.abs().max() <= 1


@pytest.mark.parametrize("name", ["sn-wgan-gp", "sngan", "wgan-gp"])
def test_the_generators_batch_is_so_many_times_that_of_the_data(name, monkeypatch):
    model = build(name, shape(), generator_batch=3)
    drawn, noise = [], type(model).noise
    monkeypatch.setattr(type(model), "noise", lambda self, n: drawn.append(n) or noise(self, n))
    train(model, 1)
    assert drawn == [4, 12]


@pytest.mark.parametrize("name", CRITIC_MODELS)
def test_the_generator_moves_in_one_step_of_critic_steps(name):
    model = build(name, shape(), critic_steps=3)
    moved = []
    for step in range(6):
        before = [parameter.clone() for parameter in model.G.parameters()]
        train(model, 1, start=step)
        moved.append(any(not torch.equal(*pair) for pair in zip(before, model.G.parameters(), strict=True)))
    assert moved == [True, False, False, True, False, False]


@pytest.mark.parametrize("name", ["dcgan", "sngan", "sn-wgan-gp", "wgan-gp"])
def test_the_learning_rate_falls_with_the_progress_of_the_budget(name):
    for schedule, rate in (("linear", 0.005), ("constant", 0.01), ("cosine", 0.005)):
        model = build(name, shape(), lr=0.01, schedule=schedule)
        model.training_step(batch_of(model.data, step=5))
        assert model.optimiser_g.param_groups[0]["lr"] == pytest.approx(rate)
        assert model.optimiser_d.param_groups[0]["lr"] == pytest.approx(rate)


def test_sngan_has_the_published_sizes_on_cifar10():
    model = build("sngan", DataShape("image", (3, 32, 32)), width=128, generator_width=256, latent=128)
    counts = [parameters_of(net) for net in (model.G, model.D)]
    assert counts == [4_276_739, 1_053_825]  # 4.28M and 1.05M


def test_dcgan_at_64_pixels_has_the_published_feature_maps():
    model = build("dcgan", DataShape("image", (3, 64, 64)), width=128, latent=100)
    assert model.G.base == (4, 4, 1024)  # figure 1: 1024 maps of 4x4, then 512, 256 and 128
    assert [up.out_channels for up in model.G.ups] == [512, 256, 128, 3]


def test_the_discriminator_loss_is_binary_cross_entropy():
    real, fake = torch.tensor([[1.5], [-0.3]]), torch.tensor([[0.2], [-4.0]])
    expected = F.binary_cross_entropy_with_logits(real, torch.ones(2, 1))
    expected += F.binary_cross_entropy_with_logits(fake, torch.zeros(2, 1))
    torch.testing.assert_close(losses.discriminator_loss(real, fake), expected)
    expected = F.binary_cross_entropy_with_logits(fake, torch.ones(2, 1))
    torch.testing.assert_close(losses.non_saturating_loss(fake), expected)


def test_the_hinge_loss_is_zero_beyond_the_margins():
    assert losses.hinge_loss(torch.tensor([1.0, 3.0]), torch.tensor([-1.0, -2.0])) == 0
    assert losses.hinge_loss(torch.tensor([0.0]), torch.tensor([0.5])) == pytest.approx(2.5)


def test_the_gradient_penalty_of_a_linear_critic_is_its_closed_form():
    critic = nn.Linear(12, 1).double()
    real, fake = torch.randn(2, 5, 12, dtype=torch.float64)
    penalty = losses.gradient_penalty(critic, real, fake)
    norm = critic.weight.norm()
    torch.testing.assert_close(penalty, (norm - 1).square())
    penalty.backward()
    torch.testing.assert_close(critic.weight.grad, 2 * (norm - 1).detach() * critic.weight.detach() / norm.detach())


def test_the_gradient_penalty_looks_between_real_and_generated_samples():
    class Critic(nn.Module):
        def forward(self, x):
            self.seen = x.detach()
            return x.sum(1)

    critic = Critic()
    losses.gradient_penalty(critic, torch.ones(1000, 2), torch.zeros(1000, 2))
    x_hat = critic.seen
    assert torch.equal(x_hat[:, 0], x_hat[:, 1])
    assert 0 <= x_hat.min() < 0.05
    assert 0.95 < x_hat.max() <= 1


def test_wgan_clips_every_critic_weight():
    model = build("wgan", shape(), clip=0.003, lr=0.1)
    train(model, 2)
    assert max(weight.detach().abs().max() for weight in model.D.parameters()) == pytest.approx(0.003)


def test_spectral_normalisation_bounds_every_layer_of_the_critic():
    critic = base.spectrally_normalise(resnet_body.ResNetCritic(shape(16), 6))
    for _ in range(50):
        critic(torch.zeros(1, 1, 16, 16))
    layers = [part for part in critic.modules() if isinstance(part, (nn.Conv2d, nn.Linear))]
    assert len(layers) == 8
    for layer in layers:
        norm = float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2))
        assert norm == pytest.approx(1, abs=1e-3)  # power iteration is slow where two singular values are close


def test_a_shortcut_convolved_before_upsampling_equals_one_convolved_after():
    block = resnet_body.UpBlock(3, 8)
    x = torch.randn(2, 3, 4, 4)
    torch.testing.assert_close(block._up(block.shortcut(x)), block.shortcut(block._up(x)))


def test_acgan_learns_to_make_the_class_that_is_asked_for():
    data = DataShape("image", (1, 8, 8), classes=2, train_count=100)
    model = build("acgan", data, lr=0.002, width=8, generator_class_weight=1.0)
    labels = torch.arange(32).remainder(2)
    for step in range(120):
        images = (labels * 1.2 - 0.6).view(-1, 1, 1, 1) + 0.1 * torch.randn(32, 1, 8, 8)
        model.training_step(Batch(images, labels, step, step / 120))
    dark, bright = (draw(model, 20, labels=torch.full((20,), label)).mean() for label in (0, 1))
    assert bright - dark > 0.5


def test_acgan_draws_classes_itself_where_none_are_asked_for():
    model = build("acgan", shape())
    model.G.norms[0].bias.weight.data.normal_(0, 3)
    assert not torch.equal(draw(model, 6), draw(model, 6, labels=torch.zeros(6, dtype=torch.int64)))


def test_acgan_refuses_data_without_two_classes():
    with pytest.raises(ConfigError, match="at least two classes, not 1"):
        build("acgan", DataShape("image", (1, 8, 8), classes=1))
    model = build("acgan", shape())
    with pytest.raises(ConfigError, match="without labels"):
        model.training_step(Batch(torch.zeros(2, 1, 8, 8), None, 0, 0.0))


@pytest.mark.parametrize("name", sorted(set(IMAGE_MODELS) - {"gan"}))
def test_convolutional_models_refuse_rectangles(name):
    with pytest.raises(ConfigError, match="28x32"):
        build(name, DataShape("image", (1, 28, 32), classes=CLASSES))


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_the_specs_recipes_fit_their_options(name):
    spec = SPECS[name]
    assert set(spec.recipes) == {"smoke", "standard", "paper"}
    for recipe in spec.recipes.values():
        assert option_errors(name, spec.config, recipe.options) == []
        assert recipe.step_ms > 0


def test_options_out_of_range_are_named():
    (error,) = option_errors("wgan-gp", configs.WGANGPConfig, {"critic_steps": 0})
    assert error == "wgan-gp.critic_steps=0 is out of range: it must be >= 1, <= 100"


@pytest.mark.gpu
@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_models_train_and_sample_on_a_gpu(name):
    model = build(name, shape(32, 3)).to("cuda", memory_format=torch.channels_last)
    for step in range(3):
        step_losses = model.training_step(batch_of(model.data, step, device="cuda"))
    assert all(value.isfinite() for value in step_losses.values())
    with torch.no_grad():
        samples = model.eval().sample(4, labels=None, generator=torch.Generator("cuda").manual_seed(0))
    assert samples.shape == (4, 3, 32, 32)
