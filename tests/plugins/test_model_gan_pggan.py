"""Progressive growing: the schedule, fades that begin and end where they must, resuming in the middle of one."""

from __future__ import annotations

import io

import pytest
import torch
import torch.nn.functional as F

from gan_models import batch_of, build, create, draw, parameters_of, shape
from genharness.kit import Batch
from genharness.spec.plugins import DataShape
from genharness_model_gan.stylegan.layers import lrelu
from genharness_model_gan.stylegan.progressive import Growth, growth_at, shown_at

SMALL = {"width": 8, "latent": 6}


def train_at(model, places, start=0):
    for step, progress in enumerate(places, start):
        batch = batch_of(model.data, step)
        model.training_step(Batch(batch.data, batch.labels, step, progress))


def test_what_the_last_level_uses_has_the_published_size():
    with torch.device("meta"):
        model = create("pggan", DataShape("image", (3, 32, 32)))
        half = create("pggan", DataShape("image", (3, 32, 32)), width=256)
    assert parameters_of(model.G) == 20_719_628
    assert parameters_of(model.D) - sum(map(parameters_of, model.D.from_rgb[:-1])) == 20_720_641
    assert parameters_of(half.G) == 6_231_052
    assert parameters_of(half.D) - sum(map(parameters_of, half.D.from_rgb[:-1])) == 5_182_977


def test_levels_fade_in_and_are_trained_in_turn():
    places = {
        progress: growth_at(progress, 3, 0.5) for progress in (0.0, 0.1, 0.125, 0.1875, 0.25, 0.3, 0.4375, 0.5, 1)
    }
    assert places == {
        0.0: Growth(0, 1.0),
        0.1: Growth(0, 1.0),
        0.125: Growth(1, 0.0),
        0.1875: Growth(1, 0.5),
        0.25: Growth(1, 1.0),
        0.3: Growth(1, 1.0),
        0.4375: Growth(2, 0.5),
        0.5: Growth(2, 1.0),
        1: Growth(2, 1.0),
    }
    assert growth_at(0.3, 1, 0.5) == Growth(0, 1.0)


def grown(model, level, alpha):
    model.G.growth = model.D.growth = Growth(level, alpha)
    return model


@pytest.mark.parametrize("size", [28, 30])
def test_a_fade_begins_as_the_level_below_and_ends_as_the_level(size):
    model, z = build("pggan", shape(size), **SMALL), torch.randn(3, 6)
    sides = model.G.sides
    for level in range(1, len(sides)):
        below = grown(model, level - 1, 1.0).G(z)
        start = grown(model, level, 0.0).G(z)
        assert torch.equal(start, F.interpolate(below, size=(sides[level],) * 2, mode="nearest"))
        whole = grown(model, level, 1.0).G(z)
        assert not torch.allclose(whole, start)
        almost = grown(model, level, 1 - 2**-24).G(z)
        torch.testing.assert_close(almost, whole)
        half = grown(model, level, 0.5).G(z)
        torch.testing.assert_close(half, (start + whole) / 2)


def test_the_critic_takes_a_new_level_up_without_a_jump():
    model, images = build("pggan", shape(28), **SMALL), torch.randn(4, 1, 14, 14)
    at_start = grown(model, 1, 0.0).D(images)
    assert torch.equal(at_start, grown(model, 0, 1.0).D(F.adaptive_avg_pool2d(images, 7)))
    assert not torch.allclose(at_start, grown(model, 1, 1.0).D(images))


@pytest.mark.parametrize(("alpha", "level"), [(0.0, 1), (0.25, 1), (0.5, 1), (0.5, 2)])
def test_features_of_the_critic_fade_as_images_do(alpha, level):
    model = build("pggan", shape(28), **SMALL)
    D, sides = grown(model, level, alpha).D, model.D.sides
    images, seen = torch.randn(4, 1, sides[level], sides[level]), []
    after = D.levels[level - 2] if level > 1 else D.last
    after.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0][:, :8]))
    D(images)
    below = F.adaptive_avg_pool2d(images, sides[level - 1])
    old = lrelu(D.from_rgb[level - 1](below))
    new = F.adaptive_avg_pool2d(D.levels[level - 1](lrelu(D.from_rgb[level](images))), sides[level - 1])
    torch.testing.assert_close(seen, [(1 - alpha) * old + alpha * new])


def test_real_images_fade_as_generated_ones_do():
    images = torch.randn(2, 1, 28, 28)
    start = shown_at(images, 14, 7, torch.zeros(()))
    assert torch.equal(start, F.interpolate(F.avg_pool2d(images, 4), size=(14, 14), mode="nearest"))
    whole = shown_at(images, 14, None, torch.ones(()))
    torch.testing.assert_close(whole, F.avg_pool2d(images, 2))
    torch.testing.assert_close(shown_at(images, 14, 7, torch.tensor(0.25)), 0.75 * start + 0.25 * whole)


def test_both_players_and_the_real_images_have_the_side_of_the_level(monkeypatch):
    model = build("pggan", shape(28), **SMALL)
    seen = []
    forward = type(model.D).forward
    monkeypatch.setattr(type(model.D), "forward", lambda self, x, *y: seen.append(x.shape[2]) or forward(self, x, *y))
    train_at(model, [0.0, 0.2, 0.9])
    assert sorted(set(seen)) == [7, 14, 28]
    assert draw(grown(model, 0, 1.0)).shape == (6, 1, 28, 28)


def test_optimisers_begin_anew_at_every_level():
    model = build("pggan", shape(16), **SMALL)
    train_at(model, [0.0, 0.01])
    steps = [int(state["step"]) for state in model.optimiser_g.state.values()]
    assert set(steps) == {2}
    train_at(model, [0.2])
    assert {int(state["step"]) for state in model.optimiser_g.state.values()} == {1}


def test_training_goes_on_bit_for_bit_in_the_middle_of_a_fade():
    before, after = [0.1, 0.15, 0.2], [0.21, 0.24, 0.3, 0.4, 0.6]
    whole = build("pggan", shape(16), **SMALL)
    train_at(whole, before)
    assert 0 < whole.G.growth.alpha < 1
    file = io.BytesIO()
    torch.save({"model": whole.state_dict(), "training": whole.training_state()}, file)
    file.seek(0)
    stored = torch.load(file, weights_only=True)
    resumed = build("pggan", shape(16), **SMALL)
    resumed.load_state_dict(stored["model"])
    resumed.load_training_state(stored["training"])
    assert resumed.G.growth == whole.G.growth
    assert torch.equal(draw(resumed), draw(whole))
    for model in (whole, resumed):
        torch.manual_seed(5)
        train_at(model, after, start=3)
    kept = resumed.state_dict()
    assert all(torch.equal(value, kept[name]) for name, value in whole.state_dict().items())
