"""The UNet: as large as the paper says, silent at first, told of time and class, at every size."""

import math

import pytest
import torch

from genharness.errors import ConfigError
from genharness.kit.unet import UNet, sinusoids

TINY = {"ch": 8, "mult": (1, 2), "blocks": 1, "attention": 8}


def loud(*arguments, **options):
    """Return a network whose zero convolutions are not zero, so that everything shows in its output."""
    torch.manual_seed(0)
    network = UNet(*arguments, **options)
    with torch.no_grad():
        for weight in network.parameters():
            if not weight.any():
                weight.normal_(0, 0.1)
    return network


def image(n=3, channels=1, side=8, seed=1):
    return torch.randn(n, channels, side, side, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("channels", "side", "options", "parameters"),
    [
        (3, 32, {}, 35_746_307),  # the count that Ho et al. 2020 publish: 35.7M
        (1, 28, {"mult": (1, 2, 2), "attention": 14}, 25_833_985),
        (3, 64, {"mult": (1, 2, 2, 2, 2)}, 45_654_019),
        (3, 32, {"ch": 64}, 8_952_067),
        (1, 28, {"ch": 64, "mult": (1, 2, 2), "attention": 14}, 6_469_889),
        (1, 28, {"ch": 16, "mult": (1, 2, 2), "blocks": 1, "attention": 7}, 280_177),
        (3, 32, {"ch": 16, "mult": (1, 2, 2), "blocks": 1, "attention": 8}, 280_755),
        (1, 8, {"ch": 32, "mult": (1, 2), "blocks": 1, "attention": 4}, 701_345),
    ],
)
def test_it_has_as_many_parameters_as_the_paper_says(channels, side, options, parameters):
    with torch.device("meta"):
        network = UNet(channels, side, **options)
    assert sum(weight.numel() for weight in network.parameters()) == parameters


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [8, 16, 28, 30, 32, 64])
def test_images_keep_their_shape_at_every_size(side, channels):
    network = loud(channels, side, ch=4, mult=(1, 2, 2), blocks=1, attention=side // 4, out=2)
    y = network(image(2, channels, side), torch.tensor([0.0, 999.0]))
    assert y.shape == (2, 2 * channels, side, side)
    assert y.isfinite().all()


def test_a_new_network_returns_0():
    assert not UNet(1, 8, **TINY)(image(), torch.tensor([1.0, 50.0, 999.0])).any()


@pytest.mark.parametrize("ch", [4, 20, 24, 36, 128])
def test_group_norms_divide_any_channels(ch):
    UNet(1, 8, ch=ch, mult=(1, 2, 4), blocks=1, attention=0)


def test_a_sample_depends_on_its_own_time_and_class_alone():
    network = loud(1, 8, **TINY, classes=3).eval()
    x, t, y = image(), torch.tensor([10.0, 200.0, 900.0]), torch.tensor([0, 1, 3])
    together = network(x, t, y)
    alone = torch.cat([network(x[i : i + 1], t[i : i + 1], y[i : i + 1]) for i in range(3)])
    assert torch.allclose(together, alone, atol=1e-5)
    assert not torch.allclose(network(x, t + 1, y)[0], together[0], atol=1e-5)
    assert not torch.allclose(network(x, t, torch.tensor([1, 1, 3]))[0], together[0], atol=1e-5)


def test_no_class_is_a_class_of_its_own():
    network = loud(1, 8, **TINY, classes=3).eval()
    x, t = image(), torch.tensor([10.0, 200.0, 900.0])
    none = network(x, t, torch.full((3,), 3))
    assert torch.equal(network(x, t), none)
    assert not torch.allclose(network(x, t, torch.full((3,), 2)), none, atol=1e-5)


def test_attention_is_at_one_side_and_in_the_middle():
    def attending(**options):
        network = UNet(1, 32, ch=8, mult=(1, 2, 2, 2), blocks=2, **options)
        sides = {}

        def note(name):
            return lambda layer, inputs: sides.update({name: inputs[0].shape[-1]})

        for name, part in network.named_modules():
            if name.endswith("attention") and any(True for _ in part.parameters()):
                part.register_forward_pre_hook(note(name))
        network(image(1, 1, 32), torch.zeros(1))
        return sorted(sides.values())

    assert attending(attention=16) == [4, *[16] * 5]
    assert attending(attention=15) == [4, *[8] * 5]
    assert attending(attention=0) == [4]


def test_attention_sees_every_pixel():
    network = loud(1, 8, **{**TINY, "mult": (1,), "attention": 8}).eval()
    x = image(1).requires_grad_()
    network(x, torch.zeros(1))[0, 0, 0, 0].backward()
    assert x.grad.all()


def test_dropout_is_for_training():
    network = loud(1, 8, **TINY, dropout=0.5)
    x, t = image(), torch.zeros(3)
    assert not torch.equal(network.train()(x, t), network(x, t))
    assert torch.equal(network.eval()(x, t), network(x, t))


def test_times_are_embedded_as_sines_and_cosines_of_falling_frequency():
    t = torch.tensor([0.0, 3.0, 999.0])
    embedded = sinusoids(t, 8)
    for place, exponent in enumerate((0, 1 / 3, 2 / 3, 1)):
        angle = t * 10_000**-exponent
        assert torch.allclose(embedded[:, place], angle.sin(), atol=1e-4)
        assert torch.allclose(embedded[:, 4 + place], angle.cos(), atol=1e-4)


@torch.no_grad()
def test_the_output_is_float32_under_bfloat16():
    network = loud(1, 8, **TINY)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = network(image(), torch.full((3,), 999.0))
    assert y.dtype == torch.float32
    assert float((y - network(image(), torch.full((3,), 999.0))).abs().max()) < 0.1 * float(y.abs().max())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ch": 6}, "ch=6 must be a multiple of 4"),
        ({"ch": 0}, "ch=0 must be a multiple of 4"),
        ({"mult": ()}, "mult=nothing must be"),
        ({"mult": (1, 0)}, "mult=1,0 must be"),
        ({"heads": 3}, "heads=3 must divide the channels 8, 16"),
        ({"mult": (1, 1, 1, 1, 1)}, "images of 8 pixels cannot be halved 4 times"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        UNet(1, 8, **{**TINY, **options})


def test_two_heads_are_two_attentions_over_halves_of_the_channels():
    torch.manual_seed(0)
    network = loud(1, 8, ch=8, mult=(1,), blocks=1, attention=0, heads=2)
    layer = network.middle[0].attention
    x = torch.randn(2, 8, 4, 4)
    q, k, v = layer.qkv(layer.norm(x)).flatten(2).chunk(3, dim=1)  # (2, 8, 16)
    halves = []
    for head in (slice(0, 4), slice(4, 8)):
        weights = (q[:, head].transpose(1, 2) @ k[:, head] / math.sqrt(4)).softmax(-1)
        halves.append(v[:, head] @ weights.transpose(1, 2))
    expected = x + layer.out(torch.cat(halves, dim=1).view(2, 8, 4, 4))
    assert torch.allclose(layer(x), expected, atol=1e-5)
