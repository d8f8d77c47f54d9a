"""Metrics of images by independent libraries: pairs, reconstructions, perceptual distances."""

from __future__ import annotations

import contextlib
import math
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genharness.files.weights import locate_weights
from genharness.functional.pairs import Pairs, random_pairs, random_pairs_within
from genharness.kit.equal_counts import draw_of
from genharness.measure.evaluation import SampleEvaluation
from genharness.spec.plugins import Remote
from genharness.verify.base import Options, Peer, Theirs, near

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["IMAGE_PEERS"]

_ALEXNET_SHA256 = "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02"
"""Of the file at torchvision's address, whose name ends in its first eight digits."""

ImageDistance = Callable[["Tensor", "Tensor"], "Tensor"]
"""Of two batches of images, a number for each pair."""

_BATCH = 64


def _pairs_by_torchmetrics(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    similarity = _ssim()
    found = {}
    for key, images in (("pair_ssim", evaluation.fake_images()), ("pair_ssim_real", evaluation.real_images())):
        _check_side(images)
        drawn = random_pairs(len(images), options["pairs"], np.random.default_rng(evaluation.seed))
        found[key] = near(_mean(similarity, images[drawn[0]], images[drawn[1]]), 10)
    return found


def _reconstructions_by_torchmetrics(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    originals, others = _reconstructed(evaluation)
    found = {"psnr": near(_mean(_psnr(), originals, others), 10)}
    if min(originals.shape[2:]) > _WINDOW:
        found["ssim"] = near(_mean(_ssim(), originals, others), 10)
    return found


def _psnr(highest: float = math.inf) -> ImageDistance:
    from torchmetrics.functional.image import peak_signal_noise_ratio

    def ratio(a: Tensor, b: Tensor) -> Tensor:
        return peak_signal_noise_ratio(a, b, data_range=1.0, reduction="none", dim=(1, 2, 3)).clamp(max=highest)

    return ratio


def _nearest_by_torchmetrics(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    """Take the neighbours from scikit-learn, and their likeness from torchmetrics."""
    from sklearn.neighbors import NearestNeighbors

    reals, drawn = evaluation.real_images(), draw_of(evaluation, "fake", options["count"])
    fakes = drawn.of(evaluation.fake_images())
    rows = [images.reshape(len(images), -1).astype(np.float64) for images in (reals, fakes)]
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(rows[0])
    nearest = reals[search.kneighbors(rows[1], return_distance=False)[:, 0]]
    highest = 10 * math.log10(255**2 * fakes[0].size)
    found = {"nearest_psnr": near(_mean(_psnr(highest), nearest, fakes), 10)}
    if min(fakes.shape[2:]) > _WINDOW:
        found["nearest_ssim"] = near(_mean(_ssim(), nearest, fakes), 10)
    return found


def _reconstructions_by_torch(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    from torch.nn import functional

    measures = {"mse": functional.mse_loss, "bce": functional.binary_cross_entropy}
    originals, others = _reconstructed(evaluation)
    found = {}
    for key, loss in measures.items():

        def each(real: Tensor, fake: Tensor, loss: Any = loss) -> Tensor:
            total: Tensor = loss(fake, real, reduction="none")
            return total.flatten(1).mean(1)

        found[key] = near(_mean(each, originals, others))
    return found


def _reconstructed(evaluation: SampleEvaluation) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    pairs = evaluation.of_model("reconstructions")
    return pairs.originals, pairs.reconstructed


_WINDOW = 5
"""Radius of SSIM's window: torchmetrics needs a longer side."""


def _check_side(images: NDArray[np.uint8]) -> None:
    if min(images.shape[2:]) <= _WINDOW:
        raise ValueError(f"torchmetrics needs images of more than {_WINDOW} pixels a side")


def _ssim() -> ImageDistance:
    from torchmetrics.functional.image import structural_similarity_index_measure

    def similarity(a: Tensor, b: Tensor) -> Tensor:
        found = structural_similarity_index_measure(a, b, data_range=1.0, reduction="none")
        assert not isinstance(found, tuple)  # a pair only where maps are asked for
        return found

    return similarity


def _mean(function: ImageDistance, first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Return the mean over pairs of images, which the function gets in float64 on the scale 0..1."""
    import torch

    total = 0.0
    for start in range(0, len(first), _BATCH):
        a, b = (torch.from_numpy(np.array(side[start : start + _BATCH])).double() / 255 for side in (first, second))
        total += float(function(a, b).sum())
    return total / len(first)


def _diversity_by_lpips(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    distance, labels = _lpips(evaluation), evaluation.labels("fake")

    def mean(images: NDArray[np.uint8], drawn: Pairs) -> float:
        return _mean(distance, images[drawn[0]], images[drawn[1]])

    found = {}
    for key, images in (
        ("lpips_diversity", evaluation.fake_images()),
        ("lpips_diversity_real", evaluation.real_images()),
    ):
        rng = np.random.default_rng([evaluation.seed, 0])
        found[key] = near(mean(images, random_pairs(len(images), options["pairs"], rng)))
    if labels is not None:
        within = random_pairs_within(labels, options["pairs"], np.random.default_rng([evaluation.seed, 1]))
        fakes = evaluation.fake_images()
        found["lpips_within_class"] = near(float(np.mean([mean(fakes, drawn) for drawn in within])))
    return found


def _reconstructions_by_lpips(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    return {"lpips": near(_mean(_lpips(evaluation), *_reconstructed(evaluation)))}


def _lpips(evaluation: SampleEvaluation) -> ImageDistance:
    """Return the package's own distance, in float64, over the trunk that it takes from torch hub itself."""
    from lpips import LPIPS

    with _hub(evaluation), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it passes torchvision's old arguments
        network = LPIPS(net="alex", version="0.1", verbose=False).double().eval().requires_grad_(False)

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return network(a.expand(-1, 3, -1, -1), b.expand(-1, 3, -1, -1), normalize=True)  # type: ignore[no-any-return]

    return distance


@contextlib.contextmanager
def _hub(evaluation: SampleEvaluation) -> Iterator[None]:
    """Let torch hub find the file of AlexNet that this machine has, wherever it lies; nothing is downloaded."""
    import torch
    from torchvision.models import AlexNet_Weights  # type: ignore[import-untyped]  # ships no types

    url = AlexNet_Weights.IMAGENET1K_V1.url
    name = PurePosixPath(url).name
    found = locate_weights(Remote(filename=name, urls=(url,), sha256=_ALEXNET_SHA256), evaluation.weights)
    if found is None:
        raise ValueError(f"{name} is not on this machine: pass the folder that holds it as --weights")
    before = torch.hub.get_dir()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "checkpoints").mkdir()
        (Path(folder) / "checkpoints" / name).symlink_to(found.resolve())
        torch.hub.set_dir(folder)
        try:
            yield
        finally:
            torch.hub.set_dir(before)


IMAGE_PEERS = (
    Peer("pair-ssim", "torchmetrics", _pairs_by_torchmetrics),
    Peer("nearest-real", "torchmetrics", _nearest_by_torchmetrics),
    Peer("reconstruction", "torchmetrics", _reconstructions_by_torchmetrics),
    Peer("reconstruction", "torch", _reconstructions_by_torch),
    Peer("lpips-diversity", "lpips", _diversity_by_lpips),
    Peer("lpips", "lpips", _reconstructions_by_lpips),
)
