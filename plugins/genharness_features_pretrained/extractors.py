"""Pretrained networks behind the harness's contract: code of torch-fidelity and torch.hub, weights that are checked."""

from __future__ import annotations

import os
import warnings
from abc import abstractmethod
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from torch import Tensor, nn

from genharness import ConfigError, DataError, Remote
from genharness.files.downloads import in_words
from genharness.files.home import home
from genharness.files.weights import find_weights, weights_hash
from genharness.kit import ExtractorContext
from genharness.kit.image_extractor import ImageExtractor
from genharness.kit.resize_conventions import resize
from genharness_features_pretrained import CLIP, DINOV2, VGG16

__all__ = ["Clip", "DinoV2", "Vgg16"]

DINOV2_SIDE = 224
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class _Wrapped(ImageExtractor):
    """An extractor of torch-fidelity: uint8 RGB in, features out; it resizes as TensorFlow 1 did."""

    def __init__(self, context: ExtractorContext, config: Any) -> None:
        super().__init__(context, config)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch's and torchvision's advice to torch-fidelity
                network, self._identity = self._load()
        except ImportError as error:
            raise ConfigError(
                f"extractor {self.name} needs torch-fidelity, which is missing: pip install 'genharness[verify]'"
            ) from error
        self._network = network.eval().requires_grad_(False).to(context.device)

    @abstractmethod
    def _load(self) -> tuple[nn.Module, str]:
        """Return the network and what identifies its weights."""

    def _weights(self, remote: Remote) -> Path:
        import torch_fidelity  # noqa: F401  -- before a download of half a gigabyte, not after

        return find_weights(remote, self.context.weights, in_words(self.context.report, remote.filename))

    @property
    def identity(self) -> str:
        """SHA-256 of the weights."""
        return self._identity

    def embed(self, images: Tensor) -> Tensor:
        """Return the network's features."""
        features: Tensor = self._network(images.expand(-1, 3, -1, -1))[0]
        return features


class Vgg16(_Wrapped):
    """VGG16 of torchvision, as Kynkaanniemi et al. 2019 (arXiv 1904.06991) use it: fc2 after its ReLU."""

    name = "vgg16"

    def _load(self) -> tuple[nn.Module, str]:
        path = self._weights(VGG16)
        from torch_fidelity.feature_extractor_vgg16 import FeatureExtractorVGG16

        return FeatureExtractorVGG16("vgg16", ["fc2_relu"], feature_extractor_weights_path=path), weights_hash(path)


class Clip(_Wrapped):
    """The image tower of CLIP ViT-B/32 (Radford et al. 2021, arXiv 2103.00020)."""

    name = "clip"

    def _load(self) -> tuple[nn.Module, str]:
        path = self._weights(CLIP)
        from torch_fidelity.feature_extractor_clip import FeatureExtractorCLIP

        network = FeatureExtractorCLIP("clip-vit-b-32", ["clip"], feature_extractor_weights_path=str(path))
        return network, weights_hash(path)


class DinoV2(ImageExtractor):
    """DINOv2 ViT-L/14 (Oquab et al. 2023, arXiv 2304.07193): the class token.

    The network's code comes through torch.hub, as its authors publish it; the weights are a checked file like others.
    The resize `clean` is PIL's bicubic to 224 pixels, over which Stein et al. 2023 (arXiv 2306.04675) published Frechet
    distances; `legacy-tf` is torch-fidelity's.
    """

    name = "dinov2"

    def __init__(self, context: ExtractorContext, config: Any) -> None:
        super().__init__(context, config)
        network = _dinov2_code()  # before a download of a gigabyte, not after
        path = find_weights(DINOV2, context.weights, in_words(context.report, DINOV2.filename))
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        self._network = network.eval().requires_grad_(False).to(context.device)
        self._identity = weights_hash(path)

    @property
    def identity(self) -> str:
        """SHA-256 of the weights."""
        return self._identity

    def embed(self, images: Tensor) -> Tensor:
        """Return the class token."""
        pixels = resize(images, DINOV2_SIDE, self.context.resize or "clean").expand(-1, 3, -1, -1) / 255
        mean, std = (pixels.new_tensor(each).view(3, 1, 1) for each in (IMAGENET_MEAN, IMAGENET_STD))
        features: Tensor = self._network((pixels - mean) / std)
        return features


def _dinov2_code() -> nn.Module:
    """Return the network without its weights."""
    os.environ.setdefault("XFORMERS_DISABLED", "1")  # its attention would differ in the last digits
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that xFormers is disabled
            network: nn.Module = torch.hub.load(
                "facebookresearch/dinov2", "dinov2_vitl14", pretrained=False, trust_repo=True, verbose=False
            )
    except (URLError, OSError, RuntimeError) as error:
        raise DataError(
            f"the code of extractor dinov2 cannot be had from torch.hub ({' '.join(str(error).split())[:200]}): load "
            "facebookresearch/dinov2 once on a machine with a network, and copy its folder to $TORCH_HOME/hub; "
            f"its weights, {DINOV2.filename}, are another file, taken from --weights or {home() / 'weights'}"
        ) from error
    return network
