"""What all diffusion models promise: sizes, classes, guidance, schedules, and samples that do not know each other."""

import pytest
import torch

from diffusion_models import CLASSES, SPECS, batch_of, build, draw, loud, shape
from genharness.errors import ConfigError
from genharness.spec.options import build_config
from genharness.spec.plugins import DataShape

NAMES = sorted(SPECS)
NO_OTHER_NOISE = {"ddpm": {"sampler": "ddim"}, "score-sde": {"sampler": "heun"}, "consistency": {"steps": 1}}
"""What makes samples a function of the noise that they begin with."""


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [8, 28, 30, 32, 64])
@pytest.mark.parametrize("name", NAMES)
def test_steps_and_samples_at_every_size(name, size, channels):
    model = build(name, shape(size, channels), ch=4, mult=None, steps=2)
    for step in range(2):
        losses = model.training_step(batch_of(model.data, step, n=2))
        assert all(value.isfinite() and value.dim() == 0 and not value.requires_grad for value in losses.values())
    samples = draw(model, 3)
    assert samples.shape == (3, channels, size, size)
    assert samples.abs().max() <= 1
    assert samples.std() > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_depends_on_its_own_noise_alone(name, monkeypatch):
    """So samples in batches of any size are the same."""
    model = loud(build(name, **{"steps": 4, **NO_OTHER_NOISE.get(name, {})})).eval()
    noise = torch.randn(5, 1, 8, 8, generator=torch.Generator().manual_seed(3))
    monkeypatch.setattr(model, "noise", lambda n, generator: noise)
    together = draw(model, 5)
    for index in range(5):
        monkeypatch.setattr(model, "noise", lambda n, generator, index=index: noise[index : index + 1])
        assert torch.allclose(draw(model, 1), together[index : index + 1], atol=2e-4)


@pytest.mark.parametrize("name", NAMES)
def test_samples_come_from_the_network_alone(name):
    model = build(name)
    assert model.averaged_module() is model.network
    assert {part.partition(".")[0] for part, _ in model.named_parameters()} == {"network"}


@pytest.mark.parametrize("name", NAMES)
def test_a_class_that_is_asked_for_changes_the_samples(name):
    model = loud(build(name, conditional=True, steps=3))
    one, two, none = (draw(model, 4, labels=labels) for labels in (torch.zeros(4).long(), torch.ones(4).long(), None))
    assert not torch.allclose(one, two)
    assert not torch.allclose(one, none)


@pytest.mark.parametrize("name", NAMES)
def test_classes_mean_nothing_to_a_model_that_learns_none(name):
    model = loud(build(name, steps=3))
    assert torch.equal(draw(model, 4, labels=torch.ones(4).long()), draw(model, 4))


@pytest.mark.parametrize("name", NAMES)
def test_guidance_goes_from_no_class_through_the_class_and_beyond(name):
    model = loud(build(name, conditional=True)).eval()
    x, t, labels = torch.randn(4, 1, 8, 8), torch.full((4,), 300.0), torch.tensor([0, 1, 2, 0])

    @torch.no_grad()
    def guided(w):
        model.config = build_config(name, SPECS[name].config, {**vars(model.config), "guidance": w})
        return model.guided(x, t, labels)

    with torch.no_grad():
        with_class, without = model.network(x, t, labels), model.network(x, t)
    assert torch.equal(guided(1.0), with_class)
    assert torch.allclose(guided(0.0), without, atol=1e-5)
    assert torch.allclose(guided(3.0), without + 3 * (with_class - without), atol=1e-5)


def test_a_share_of_the_labels_is_withheld():
    model = build("edm", conditional=True, label_dropout=0.3)
    batch = batch_of(model.data, n=4000)
    labels = model.known_classes(batch)
    assert float((labels == CLASSES).float().mean()) == pytest.approx(0.3, abs=0.03)
    assert torch.equal(labels[labels < CLASSES], batch.labels[labels < CLASSES])


@pytest.mark.parametrize(
    ("step", "progress", "expected"), [(0, 0.0, 1 / 10), (4, 0.1, 0.5), (50, 0.5, 1.0), (900, 0.9, 0.25)]
)
def test_the_rate_rises_then_falls(step, progress, expected):
    model = build("edm", lr=1e-2, warmup=10, decay=0.4)
    model.training_step(batch_of(model.data, step, progress=progress))
    assert model.optimiser.param_groups[0]["lr"] == pytest.approx(1e-2 * expected)


def test_long_gradients_are_shortened():
    torch.manual_seed(0)
    model = build("edm", clip=1e-3)
    model.training_step(batch_of(model.data))
    norm = torch.stack([weight.grad.norm() for weight in model.network.parameters()]).norm()
    assert float(norm) == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"guidance": 2.0}, "needs classes to guide to"),
        ({"guidance": 2.0, "conditional": True, "label_dropout": 0.0}, "needs a model that can do without labels"),
    ],
)
def test_guidance_without_classes_is_refused_before_anything_is_built(name, options, message):
    with pytest.raises(ConfigError, match=message):
        build_config(name, SPECS[name].config, options)


@pytest.mark.parametrize("classes", [0, 1])
def test_classes_are_refused_where_there_are_not_two(classes):
    with pytest.raises(ConfigError, match="at least two classes"):
        build("edm", DataShape("image", (1, 8, 8), classes=classes), conditional=True)


def test_images_that_are_not_square_are_refused():
    with pytest.raises(ConfigError, match="needs square ones"):
        build("edm", DataShape("image", (1, 8, 10)))


def test_an_unknown_sampler_is_refused():
    with pytest.raises(ConfigError, match="is not one of: heun"):
        build("edm", sampler="magic")
