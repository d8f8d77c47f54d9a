"""torch-fidelity's extractors behind the harness's contract: its networks, its preprocessing, our weights."""

from __future__ import annotations

import hashlib
import warnings
from abc import abstractmethod
from pathlib import Path
from typing import Any
from urllib.error import URLError

from torch import Tensor, nn

from genharness import ConfigError, DataError, Remote
from genharness.downloads import in_words
from genharness.kit import ExtractorContext
from genharness.kit.embedding import ImageExtractor
from genharness.kit.resize import resize
from genharness.weights import find_weights, weights_hash
from genharness_features_pretrained import CLIP, VGG16

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


class DinoV2(_Wrapped):
    """DINOv2 ViT-L/14 (Oquab et al. 2023, arXiv 2304.07193).

    The resize `clean` is PIL's bicubic to 224 pixels, over which Stein et al. 2023 (arXiv 2306.04675) published Frechet
    distances; `legacy-tf` is torch-fidelity's.

    torch-fidelity takes code and weights from torch.hub and no file, so `--weights` does not reach it, and its
    identity is a hash of what was loaded.
    """

    name = "dinov2"

    def _load(self) -> tuple[nn.Module, str]:
        from torch_fidelity.feature_extractor_dinov2 import FeatureExtractorDinoV2

        try:
            network = FeatureExtractorDinoV2("dinov2-vit-l-14", ["dinov2"])
        except (URLError, OSError, RuntimeError) as error:
            raise DataError(
                f"extractor dinov2 cannot be had from torch.hub ({' '.join(str(error).split())[:200]}): load "
                "facebookresearch/dinov2 once on a machine with a network, and copy its folder to $TORCH_HOME/hub"
            ) from error
        return network, _content_hash(network)

    def embed(self, images: Tensor) -> Tensor:
        """Return the class token."""
        if self.context.resize == "legacy-tf":
            return super().embed(images)
        pixels = resize(images, DINOV2_SIDE, "clean").expand(-1, 3, -1, -1) / 255
        mean, std = (pixels.new_tensor(each).view(3, 1, 1) for each in (IMAGENET_MEAN, IMAGENET_STD))
        features: Tensor = self._network.get_submodule("model")((pixels - mean) / std)
        return features


def _content_hash(network: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode() + tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
