"""Wrapped extractors, with random weights in files of the real layout."""

import dataclasses
import sys
import warnings

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from genharness import ConfigError, DataError
from genharness.files.checksums import file_digest
from genharness.files.home import home
from genharness.kit import ExtractorContext
from genharness.plugin.registry import load_factory, load_registry
from genharness_features_pretrained import extractors

pytest.importorskip("torch_fidelity")
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 3, 20, 24)).astype(np.uint8)


def build(name, weights=None, resize="legacy-tf"):
    spec = load_registry().extractors.find(name)
    return load_factory(spec)(ExtractorContext(device=torch.device("cpu"), weights=weights, resize=resize), None)


def promise(monkeypatch, name, path):
    """Let the file's own checksum be the promised one."""
    remote = getattr(extractors, name)
    monkeypatch.setattr(
        extractors, name, dataclasses.replace(remote, filename=path.name, sha256=file_digest(path, "sha256"))
    )


def batched(extractor):
    return np.concatenate([extractor.extract(IMAGES[:1]).features, extractor.extract(IMAGES[1:]).features])


class Tree(nn.Module):
    """Tensors under dotted names, as a TorchScript archive holds them."""

    @classmethod
    def of(cls, tensors):
        root = cls()
        for name, tensor in tensors.items():
            node = root
            *path, last = name.split(".")
            for part in path:
                if not hasattr(node, part):
                    node.add_module(part, cls())
                node = getattr(node, part)
            node.register_parameter(last, nn.Parameter(tensor, requires_grad=False))
        return root


@pytest.fixture
def clip(tmp_path, monkeypatch):
    from torch_fidelity.feature_extractor_clip import CLIPVisual, convert_weights

    torch.manual_seed(0)
    model = CLIPVisual(embed_dim=16, image_resolution=32, vision_layers=2, vision_width=64, vision_patch_size=8)
    convert_weights(model)
    path = tmp_path / "clip.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated, and it is what OpenAI published
        torch.jit.script(Tree.of({**model.state_dict(), "text_projection": torch.zeros(4, 16)})).save(path)
    promise(monkeypatch, "CLIP", path)
    return path, model


def test_clip_gives_the_embeddings_of_the_networks_own_image_tower(clip):
    path, model = clip
    extractor = build("clip", path)
    features = extractor.extract(IMAGES).features
    assert features.shape == (3, 16)
    np.testing.assert_allclose(features, batched(extractor), rtol=1e-4, atol=1e-5)
    assert extractor.identity == file_digest(path, "sha256")
    torch.testing.assert_close(extractor._network.model.visual.proj, model.visual.proj.float(), rtol=1e-3, atol=1e-3)


def test_grey_images_are_three_equal_channels(clip):
    extractor = build("clip", clip[0])
    grey = IMAGES[:, :1]
    np.testing.assert_array_equal(extractor.extract(grey).features, extractor.extract(grey.repeat(3, 1)).features)


@pytest.mark.slow
def test_vgg16_gives_4096_features(tmp_path, monkeypatch):
    """Slow for its file of half a gigabyte."""
    from torchvision.models import vgg16

    torch.manual_seed(0)
    path = tmp_path / "vgg16.pth"
    torch.save(vgg16(weights=None).state_dict(), path)
    promise(monkeypatch, "VGG16", path)
    extractor = build("vgg16", path)
    features = extractor.extract(IMAGES).features
    assert features.shape == (3, 4096)
    assert features.min() == 0 < features.max()
    np.testing.assert_allclose(features, batched(extractor), rtol=1e-4, atol=1e-5)


class TinyDino(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 8)

    def forward(self, x):
        return self.head(x.mean((2, 3)))


@pytest.fixture
def dino(tmp_path, monkeypatch):
    """Weights of a small network, which stands in for the real one: its code comes from torch.hub."""
    torch.manual_seed(0)
    torch.save(TinyDino().state_dict(), tmp_path / "dino.pth")
    promise(monkeypatch, "DINOV2", tmp_path / "dino.pth")
    monkeypatch.setattr(torch.hub, "load", lambda *_, pretrained, **__: TinyDino() if not pretrained else None)
    return tmp_path / "dino.pth"


def test_dinov2_loads_its_weights_from_a_checked_file(dino):
    extractor = build("dinov2", dino)
    assert extractor.identity == file_digest(dino, "sha256")
    assert torch.equal(extractor._network.head.weight, torch.load(dino)["head.weight"])
    assert extractor.extract(IMAGES).features.shape == (3, 8)
    np.testing.assert_allclose(extractor.extract(IMAGES).features, batched(extractor), rtol=1e-4, atol=1e-5)


def test_dinov2_resizes_as_pil_does_unless_torch_fidelitys_way_is_asked_for(tmp_path, monkeypatch):
    """With a network that gives the picture back, features are the pixels that it was shown."""
    from torch_fidelity.feature_extractor_dinov2 import FeatureExtractorDinoV2

    torch.save({}, tmp_path / "nothing.pth")
    promise(monkeypatch, "DINOV2", tmp_path / "nothing.pth")
    monkeypatch.setattr(torch.hub, "load", lambda *_, **__: nn.Flatten())
    smooth = np.linspace(0, 255, 20 * 24).reshape(20, 24).astype(np.uint8)
    shown = {
        one: build("dinov2", tmp_path / "nothing.pth", resize=one).extract(smooth[None, None]).features
        for one in ("clean", "legacy-tf")
    }
    pil = Image.fromarray(smooth.astype(np.float32)).resize((224, 224), Image.Resampling.BICUBIC)
    expected = np.asarray(pil).clip(0, 255) / 255
    for channel, (mean, std) in enumerate([(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)]):
        seen = shown["clean"].reshape(3, 224, 224)[channel] * std + mean
        np.testing.assert_allclose(seen, expected, atol=1e-5)
    reference = FeatureExtractorDinoV2("dinov2-vit-l-14", ["dinov2"])
    theirs = reference(torch.from_numpy(np.repeat(smooth[None, None], 3, 1)))[0].numpy()
    np.testing.assert_allclose(shown["legacy-tf"], theirs, rtol=1e-4, atol=1e-4)
    assert np.abs(shown["clean"] - theirs).max() > 0.1


def test_dinov2_without_a_network_says_what_to_do(monkeypatch):
    def refuse(*_, **__):
        raise OSError("network is unreachable")

    monkeypatch.setattr(torch.hub, "load", refuse)
    with pytest.raises(DataError, match=r"network is unreachable.*copy its folder to \$TORCH_HOME") as raised:
        build("dinov2")
    weights = f"its weights, dinov2_vitl14_pretrain.pth, are another file, taken from --weights or {home() / 'weights'}"
    assert weights in str(raised.value)


@pytest.mark.parametrize("name", ["vgg16", "clip"])
def test_without_torch_fidelity_one_line_says_how_to_install_it(name, monkeypatch):
    for module in [key for key in sys.modules if key.partition(".")[0] == "torch_fidelity"]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(ConfigError, match=rf"{name} needs torch-fidelity, .*pip install 'genharness\[verify\]'"):
        build(name)


@pytest.mark.parametrize("name", ["vgg16", "clip"])
def test_weights_of_another_content_are_refused(name, tmp_path):
    (tmp_path / "weights.pth").write_bytes(b"something else")
    with pytest.raises(DataError, match="has sha256"):
        build(name, tmp_path / "weights.pth")


def test_rows_are_refused(clip):
    with pytest.raises(DataError, match="extractor clip reads uint8 images"):
        build("clip", clip[0]).extract(np.zeros((3, 4), np.float32))
