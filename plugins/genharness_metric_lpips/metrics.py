"""LPIPS over an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from genharness import ConfigError, NoOptions
from genharness.functional.lpips_diversity import lpips_diversity
from genharness.kit import Evaluation
from genharness.kit.sampling_errors import mean_error
from genharness_metric_lpips import LpipsDiversityConfig
from genharness_metric_lpips.network import SMALLEST, load_network

__all__ = ["LpipsDiversityMetric", "ReconstructionLpips", "distances"]

_BATCH = 32


class LpipsDiversityMetric:
    """Mean distance of random pairs, of generated and of real images."""

    def __init__(self, config: LpipsDiversityConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return both means, and the mean within the classes asked for where there are labels; each at least 0."""
        fake, real = np.asarray(evaluation.fake_images()), np.asarray(evaluation.real_images())
        _check_size(fake)
        network = load_network(evaluation.device, evaluation.weights)
        labels = evaluation.labels("fake")
        options: dict[str, Any] = {"pairs": self.config.pairs, "seed": evaluation.seed, "device": evaluation.device}
        found = lpips_diversity(fake, network, labels=labels, **options)
        scores = {"lpips_diversity": found.overall}
        evaluation.state_error("lpips_diversity", found.error)
        scores["lpips_diversity_real"] = lpips_diversity(real, network, **options).overall
        if found.within_class is not None and found.within_class_error is not None:
            evaluation.state_error("lpips_within_class", found.within_class_error)
            scores["lpips_within_class"] = found.within_class
        return scores


class ReconstructionLpips:
    """Mean distance of held-out images to their reconstructions."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `lpips`, at least 0."""
        pairs = evaluation.of_model("reconstructions")
        _check_size(pairs.originals)
        network = load_network(evaluation.device, evaluation.weights)
        found = distances(network, pairs.originals, pairs.reconstructed, evaluation.device)
        evaluation.state_error("lpips", mean_error(found))
        return {"lpips": float(found.mean())}


def _check_size(images: NDArray[np.uint8]) -> None:
    if min(images.shape[2:]) < SMALLEST:
        raise ConfigError(f"LPIPS needs images of {SMALLEST} pixels a side at least, not {min(images.shape[2:])}")


@torch.no_grad()
def distances(
    network: nn.Module, originals: NDArray[np.uint8], others: NDArray[np.uint8], device: torch.device
) -> NDArray[np.float64]:
    """Return the distances of images `(n, 1 or 3, h, w)` to as many others, `(n,)`."""
    parts = []
    for start in range(0, len(originals), _BATCH):
        a, b = (_shown(images[start : start + _BATCH], device) for images in (originals, others))
        parts.append(network(a, b).double().flatten().cpu().numpy())
    return np.concatenate(parts)


def _shown(images: NDArray[np.uint8], device: torch.device) -> Tensor:
    return (torch.from_numpy(np.array(images)).to(device).float() / 127.5 - 1).expand(-1, 3, -1, -1)
