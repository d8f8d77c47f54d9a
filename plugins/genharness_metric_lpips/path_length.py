"""Perceptual path length over a model's latent space."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from genharness import ConfigError
from genharness.functional.parallel import exact_convolutions, full_precision
from genharness.functional.path_length import path_length
from genharness.kit import Decodes, Evaluation
from genharness.kit.blocks import slerp
from genharness.kit.generators import seeded_generator
from genharness_metric_lpips import PathLengthConfig
from genharness_metric_lpips.network import SMALLEST_VGG, load_network

__all__ = ["PathLengthMetric", "neighbours", "squared_distances"]

_BATCH = 50
_LARGEST = 256


class PathLengthMetric:
    """LPIPS (VGG-16) of pairs of samples whose codes are a small step apart, over the square of the step.

    Karras et al. 2020: both samples of a pair have one class, drawn as the generated samples' are; they are not cut,
    and averaged over blocks down to 256 pixels. The step is taken from a code towards another one: along a great
    circle where codes are standard normal (z), along a line elsewhere (w of a StyleGAN2).
    """

    def __init__(self, config: PathLengthConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `ppl`, at least 0, in units of LPIPS: spaces of other dimensions are not comparable."""
        smallest = min(evaluation.fake_images().shape[2:])
        if smallest < SMALLEST_VGG:
            raise ConfigError(
                f"LPIPS over VGG-16 needs images of {SMALLEST_VGG} pixels a side at least, not {smallest}"
            )
        model = evaluation.of_model("decoder")
        network = load_network(evaluation.device, evaluation.weights, net="vgg")
        labels = _drawn_labels(evaluation, self.config.pairs)
        pairs = neighbours(model, labels, self.config.pairs, self.config.step, evaluation.device, evaluation.seed)
        with full_precision(evaluation.device), exact_convolutions():
            found = path_length(squared_distances(pairs, network), self.config.step)
        evaluation.state_error("ppl", found.error)
        return {"ppl": found.value}


def _drawn_labels(evaluation: Evaluation, count: int) -> NDArray[np.int64] | None:
    """Return a class for each pair, as frequent as among the samples; None where the model is asked for none."""
    labels = evaluation.labels("fake")
    return None if labels is None else np.random.default_rng([evaluation.seed, 71]).choice(labels, count)


def neighbours(
    model: Decodes, labels: NDArray[np.int64] | None, count: int, step: float, device: torch.device, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield batches of samples of codes, and of codes a step further on the way to other ones.

    Args:
        model: Decodes.
        labels: Classes of the pairs `(count,)`, or None.
        count: Pairs.
        step: Of the whole way.
        device: The model's.
        seed: Of the codes.
    """
    generator = seeded_generator(device, seed)
    for start in range(0, count, _BATCH):
        n = min(_BATCH, count - start)
        classes = None if labels is None else torch.from_numpy(labels[start : start + n]).to(device)
        with torch.no_grad():
            one, other = (model.draw_latents(n, labels=classes, generator=generator) for _ in range(2))
            t = torch.full((n, 1), step, device=device)
            there = slerp(one, other, t) if model.normal_latents else torch.lerp(one, other, t)
            yield model.decode_latents(one, classes), model.decode_latents(there, classes)


@torch.no_grad()
def squared_distances(
    pairs: Iterator[tuple[Tensor, Tensor]], network: nn.Module | Callable[[Tensor, Tensor], Tensor]
) -> NDArray[np.float64]:
    """Return the perceptual distance of pairs of images in [-1, 1], `(n,)`; LPIPS is a squared one."""
    found = [network(*(_shown(side) for side in pair)).double().flatten().cpu().numpy() for pair in pairs]
    return np.concatenate(found)


def _shown(images: Tensor) -> Tensor:
    """Return images of at most about 256 pixels a side, in three channels."""
    images = images.float().clamp(-1, 1)
    factor = min(images.shape[2:]) // _LARGEST
    return (avg_pool2d(images, factor) if factor > 1 else images).expand(-1, 3, -1, -1)
