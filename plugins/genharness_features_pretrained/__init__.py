"""Features by pretrained networks: VGG16 and CLIP through torch-fidelity, DINOv2 through torch.hub."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import ExtractorSpec, Remote, hookimpl

__all__ = ["CLIP", "DINOV2", "VGG16", "genharness_extractors"]

_CLIP_SHA256 = "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"

VGG16 = Remote(
    filename="vgg16-397923af.pth",
    urls=("https://download.pytorch.org/models/vgg16-397923af.pth",),
    sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
    size=553_433_881,
)

CLIP = Remote(
    filename=f"clip-vit-b-32-{_CLIP_SHA256}.pt",
    urls=(f"https://openaipublic.azureedge.net/clip/models/{_CLIP_SHA256}/ViT-B-32.pt",),
    sha256=_CLIP_SHA256,
)

DINOV2 = Remote(
    filename="dinov2_vitl14_pretrain.pth",
    urls=("https://dl.fbaipublicfiles.com/dinov2/dinov2_vitl14/dinov2_vitl14_pretrain.pth",),
    sha256="d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428",
    size=1_217_586_395,
)


@hookimpl
def genharness_extractors() -> Sequence[ExtractorSpec]:
    """Return the extractors; none is tried by `--features auto`."""
    return [
        ExtractorSpec(
            name="vgg16",
            summary="VGG16 of ImageNet, fc2 after its ReLU (4096), as precision and recall were published over",
            factory="genharness_features_pretrained.extractors:Vgg16",
            packages=("torch-fidelity",),
            resizes=("legacy-tf",),
            weights=VGG16,
        ),
        ExtractorSpec(
            name="clip",
            summary="CLIP ViT-B/32 image embeddings (512)",
            factory="genharness_features_pretrained.extractors:Clip",
            packages=("torch-fidelity",),
            resizes=("legacy-tf",),
            weights=CLIP,
        ),
        ExtractorSpec(
            name="dinov2",
            summary="DINOv2 ViT-L/14 class token (1024); its code comes through torch.hub",
            factory="genharness_features_pretrained.extractors:DinoV2",
            resizes=("clean", "legacy-tf"),
            weights=DINOV2,
        ),
    ]
