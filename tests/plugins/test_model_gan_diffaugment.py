"""DiffAugment: images change at random, gradients flow through, and nothing happens where nothing is asked for."""

from __future__ import annotations

import pytest
import torch

from gan_models import SPECS, build, shape, train
from genharness.errors import ConfigError
from genharness.spec.options import option_errors
from genharness.spec.plugins import DataShape
from genharness_model_gan.configs import DCGANConfig, fields
from genharness_model_gan.diffaugment import TRANSFORMATIONS, diff_augment


@pytest.fixture
def images():
    torch.manual_seed(0)
    return torch.rand(64, 3, 16, 16) * 2 - 1


def test_without_names_it_is_the_identity(images):
    assert diff_augment(images, ()) is images


def test_options_and_transformations_have_the_same_names():
    assert tuple(TRANSFORMATIONS) == fields.TRANSFORMATIONS


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_every_transformation_changes_images_and_lets_gradients_through(name, images):
    images.requires_grad_(True)
    changed = diff_augment(images, [name])
    assert changed.shape == images.shape
    assert not torch.equal(changed, images)
    (gradient,) = torch.autograd.grad(changed.square().sum(), images, create_graph=True)
    assert gradient.abs().sum((1, 2, 3)).gt(0).all()


def test_translations_move_whole_pixels_by_an_eighth_at_most(images):
    moved = diff_augment(images, ["translation"])
    padded = torch.nn.functional.pad(images, (2, 2, 2, 2))
    seen = set()
    for before, after in zip(padded, moved, strict=True):
        places = [
            (down, right)
            for down in range(5)
            for right in range(5)
            if torch.equal(before[:, down : down + 16, right : right + 16], after)
        ]
        assert len(places) == 1
        seen.add(places[0])
    assert {down for down, _ in seen} == {right for _, right in seen} == set(range(5))


def test_cutout_hides_a_square_of_half_the_side_and_nothing_else(images):
    cut = diff_augment(images, ["cutout"])
    hidden = cut == 0
    assert torch.equal(cut[~hidden], images[~hidden])
    assert hidden.all(1).sum((1, 2)).max() == 8 * 8
    rows = hidden.all(1).any(2).sum(1)
    assert rows.min() >= 4  # the centre lies in the image
    assert rows.max() == 8


def test_colour_keeps_places_and_moves_brightness_by_a_half_at_most(images):
    colourful = diff_augment(images, ["colour"])
    shift = colourful.mean((1, 2, 3)) - images.mean((1, 2, 3))
    assert shift.abs().max() <= 0.5 + 1e-6
    assert shift.std() > 0.2
    grey = images.mean(1, keepdim=True).expand_as(images)
    changed = diff_augment(grey, ["colour"])
    torch.testing.assert_close(changed, changed.mean(1, keepdim=True).expand_as(changed))


@pytest.mark.parametrize("name", sorted(SPECS))
def test_every_gan_shows_its_discriminator_changed_images_of_both_kinds(name, monkeypatch):
    model = build(name, shape(8, 3), diffaugment=("cutout",))
    seen = []
    monkeypatch.setattr(type(model), "augment", lambda self, x: seen.append(x.requires_grad) or x)
    train(model, 1)
    assert len(seen) >= 2  # real ones and generated ones at least
    assert any(seen)  # some with a graph: the generator learns through it


def test_all_and_single_names_are_read_and_strange_ones_refused():
    read = fields.read_transformations
    assert read("all") == tuple(TRANSFORMATIONS)
    assert read("cutout,colour") == ("colour", "cutout")
    assert read("") == read("none") == ()
    (error,) = option_errors("dcgan", DCGANConfig, {"diffaugment": "color"})
    assert "color" in error
    assert "colour, translation, cutout" in error


def test_tables_are_not_augmented():
    table = DataShape("tabular", (30,), classes=2)
    with pytest.raises(ConfigError, match="table"):
        build("wgan-gp", table, diffaugment=("colour",))
    assert build("gan", table, diffaugment=("colour",)).config.diffaugment == ()
