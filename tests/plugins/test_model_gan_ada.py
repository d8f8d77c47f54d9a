"""Adaptive augmentation: nothing at p = 0, maps that keep what they must, and a p that follows the discriminator."""

from __future__ import annotations

import io

import pytest
import torch

from gan_models import batch_of, build, shape, train
from genharness_model_gan.stylegan.ada import ADAController, ada_augment, colours, placements

ONE, ZERO = torch.ones(()), torch.zeros(())


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("channels", [1, 3])
def test_without_probability_images_are_the_same_bit_for_bit(channels):
    x = torch.randn(8, channels, 9, 9)
    assert torch.equal(ada_augment(x, ZERO, colour=True), x)
    assert not torch.equal(ada_augment(x, ONE, colour=True), x)


def test_places_are_moved_and_what_is_even_stays_so():
    flat = torch.full((16, 3, 12, 12), 0.3)
    torch.testing.assert_close(ada_augment(flat, ONE, colour=False), flat)
    x = torch.randn(16, 3, 12, 12)
    moved = ada_augment(x, ONE, colour=False)
    assert (moved - x).abs().mean((1, 2, 3)).min() > 0.05


def test_a_low_probability_leaves_images_alone_and_either_rotation_happens_with_it():
    theta, moved = placements(20_000, torch.tensor(0.1), 16)
    expected = 1 - 0.9**6 * 0.9  # six maps of p, two rotations of 1 - sqrt(1 - p) each
    assert float(moved.float().mean()) == pytest.approx(expected, abs=0.015)
    eye = torch.eye(3)[:2]
    assert torch.equal(theta[~moved], eye.expand((~moved).sum(), -1, -1))


def test_placements_are_symmetric_so_that_the_mean_place_is_the_middle():
    theta, _ = placements(20_000, ONE, 16)
    corner = theta @ torch.tensor([0.5, 0.25, 1.0])
    assert corner.mean(0).abs().max() < 0.03
    areas = torch.linalg.det(theta[:, :, :2])
    assert float(areas.abs().log().mean()) == pytest.approx(0, abs=0.01)  # as often larger as smaller
    assert float(areas.sign().mean()) == pytest.approx(0, abs=0.03)  # as often mirrored as not


def test_colours_keep_grey_grey_and_are_undone_by_their_inverse():
    matrix, changed = colours(500, ONE)
    assert changed.all()
    grey = torch.tensor([0.4, 0.4, 0.4, 1.0])
    after = matrix @ grey
    torch.testing.assert_close(after[:, :3], after[:, :1].expand(-1, 3), rtol=1e-4, atol=1e-4)
    assert torch.linalg.det(matrix).abs().min() > 0


def test_hue_turns_keep_length_and_luma():
    from genharness_model_gan.stylegan.ada import _hue_turn

    eye, grey, corner = torch.eye(4), torch.zeros(4, 4), torch.zeros(4, 4)
    grey[:3, :3], corner[3, 3] = 1 / 3, 1
    turn = _hue_turn(torch.tensor([0.9]), eye, grey, corner)[0]
    torch.testing.assert_close(turn @ turn.T, eye)
    torch.testing.assert_close(turn @ torch.tensor([1.0, 1.0, 1.0, 1.0]), torch.ones(4))
    angle = torch.acos((turn[:3, :3].trace() - 1) / 2)
    assert float(angle) == pytest.approx(0.9, abs=1e-5)


def test_gradients_flow_through_all_of_it():
    x = torch.randn(4, 3, 8, 8, requires_grad=True)
    (gradient,) = torch.autograd.grad(ada_augment(x, ONE, colour=True).square().sum(), x)
    assert gradient.abs().sum((1, 2, 3)).gt(0).all()


@pytest.mark.parametrize(("logit", "p"), [(2.0, 0.04), (-2.0, 0.0)])
def test_p_rises_while_the_discriminator_is_too_sure_of_real_images(logit, p):
    controller = ADAController(target=0.6, kimg=0.4)
    for step in range(8):
        controller.observe(torch.full((2, 1), logit), step)
    assert float(controller.p) == pytest.approx(p)  # two changes of 4 steps x 2 images / 400
    for step in range(8, 40):
        controller.observe(torch.full((2, 1), -1.0), step)
    assert float(controller.p) == 0


def test_an_overfitting_discriminator_raises_p():
    images = batch_of(shape(), n=4)
    rates = {"lr": 1e-9, "discriminator_lr": 0.02}
    model = build("stylegan2", shape(), width=8, latent=6, style=5, ada=True, ada_kimg=0.1, **rates)
    for step in range(60):  # the same four images all the time, against a generator that has not begun
        model.training_step(type(images)(images.data, images.labels, step, 0.0))
    assert float(model.ada.p) > 0


def test_training_goes_on_bit_for_bit_while_p_moves():
    options = {"width": 8, "latent": 6, "style": 5, "ada": True, "ada_kimg": 1.0}
    whole = build("stylegan2", shape(), **options)
    whole.ada.p.fill_(0.3)
    train(whole, 6)  # within the four steps of a change
    assert 0 < float(whole.ada.p) < 1
    assert float(whole.ada.signs) != 0
    file = io.BytesIO()
    torch.save({"model": whole.state_dict(), "training": whole.training_state()}, file)
    file.seek(0)
    stored = torch.load(file, weights_only=True)
    resumed = build("stylegan2", shape(), **options)
    resumed.load_state_dict(stored["model"])
    resumed.load_training_state(stored["training"])
    for model in (whole, resumed):
        torch.manual_seed(5)
        train(model, 6, start=6)
    after = resumed.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in whole.state_dict().items())
