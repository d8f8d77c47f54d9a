"""Perceptual path length beside a float64 brute force over the same random weights, and along the right paths."""

import copy

import numpy as np
import pytest
import torch

from genharness import ConfigError
from genharness_metric_lpips import PathLengthConfig, path_length
from genharness_metric_lpips.network import build_network
from genharness_metric_lpips.path_length import PathLengthMetric, neighbours

pytest.importorskip("lpips")


class Decoder:
    """Images of 16 x 16 pixels that turn with two numbers of the code; the third one is in none of them."""

    def __init__(self, *, normal=True, side=16, channels=1):
        self.normal_latents, self.side, self.channels, self.asked = normal, side, channels, []

    def draw_latents(self, n, *, labels, generator):
        return torch.randn(n, 3, generator=generator)

    def decode_latents(self, latents, labels):
        self.asked.append(labels)
        place = torch.linspace(0, 5, self.channels * self.side**2, dtype=latents.dtype)
        image = (latents[:, :1] * place.sin() + latents[:, 1:2] * place.cos()).tanh()
        return image.view(-1, self.channels, self.side, self.side)


class Evaluation:
    seed, device, weights = 0, torch.device("cpu"), None

    def __init__(self, model, labels=None):
        self.model, self.known, self.errors = model, labels, {}
        self.state_error = self.errors.__setitem__

    def fake_images(self):
        return np.zeros((4, self.model.channels, self.model.side, self.model.side), np.uint8)

    def labels(self, which):
        return self.known

    def of_model(self, need):
        assert need == "decoder"
        return self.model


@pytest.fixture(scope="module")
def vgg():
    torch.manual_seed(0)
    with (
        pytest.MonkeyPatch.context() as patch
    ):  # the large layers behind the trunk are thrown away: leave them as they are
        patch.setattr(torch.nn.Linear, "reset_parameters", lambda layer: None)
        patch.setattr(torch.nn.init, "normal_", lambda tensor, *arguments: tensor)
        return build_network("vgg")


@pytest.fixture
def network(vgg, monkeypatch):
    monkeypatch.setattr(path_length, "load_network", lambda device, weights, net: vgg)
    return vgg


def brute(model, network, count, step, seed=0):
    """Return PPL in float64, a pair at a time, all features of the trunk compared by hand."""
    wide, lengths = copy.deepcopy(network).double(), []
    generator = torch.Generator().manual_seed(seed)
    one, other = (model.draw_latents(count, labels=None, generator=generator).double() for _ in range(2))
    for a, b in zip(one, other, strict=True):
        there = (1 - step) * a + step * b
        if model.normal_latents:
            angle = torch.arccos(a @ b / (a.norm() * b.norm()))
            there = (torch.sin((1 - step) * angle) * a + torch.sin(step * angle) * b) / torch.sin(angle)
        features = []
        for code in (a, there):
            shown = model.decode_latents(code[None], None).expand(-1, 3, -1, -1)
            features.append(wide.net.forward(wide.scaling_layer(shown)))
        total = 0.0
        for layer, (left, right) in enumerate(zip(*features, strict=True)):
            left, right = (x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10) for x in (left, right))
            total += float((wide.lins[layer].model[-1].weight * (left - right).square()).sum(1).mean())
        lengths.append(total / step**2)
    low, high = (np.percentile(lengths, at, method=way) for at, way in ((1, "lower"), (99, "higher")))
    return np.mean([length for length in lengths if low <= length <= high])


@pytest.mark.parametrize(("normal", "channels", "step"), [(True, 1, 0.1), (False, 3, 0.01)])
def test_it_is_that_of_a_brute_force_with_the_same_weights(network, normal, channels, step):
    model = Decoder(normal=normal, channels=channels)
    evaluation = Evaluation(model)
    found = PathLengthMetric(PathLengthConfig(pairs=6, step=step)).compute(evaluation)["ppl"]
    with torch.no_grad():
        assert found == pytest.approx(brute(model, network, 6, step), rel=1e-3)
    assert 0 < evaluation.errors["ppl"] < found


def test_both_samples_of_a_pair_have_the_class_of_some_sample(network):
    model = Decoder()
    PathLengthMetric(PathLengthConfig(pairs=7, step=0.1)).compute(Evaluation(model, np.array([3, 3, 5])))
    first, second = model.asked
    assert torch.equal(first, second)
    assert set(first.tolist()) <= {3, 5}


def test_a_smaller_step_gives_the_same_length():
    """The default step is so small that float32 images have to hold it."""

    def squared(step):
        pairs = neighbours(Decoder(), None, 60, step, torch.device("cpu"), 0)
        return np.mean([float(((a - b) ** 2).mean()) / step**2 for a, b in pairs])

    assert squared(1e-4) == pytest.approx(squared(1e-2), rel=0.05)


def test_large_images_are_averaged_over_blocks():
    image = torch.zeros(1, 1, 512, 512)
    image[..., ::2, :] = 1
    assert path_length._shown(image).shape == (1, 3, 256, 256)
    assert torch.equal(path_length._shown(image), torch.full((1, 3, 256, 256), 0.5))


def test_images_that_vgg_cannot_see_are_refused():
    with pytest.raises(ConfigError, match="images of 16 pixels a side at least, not 8"):
        PathLengthMetric(PathLengthConfig()).compute(Evaluation(Decoder(side=8)))
