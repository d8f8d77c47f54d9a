import dataclasses
import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch

import genharness_features_inception as plugin
from genharness import DataError, NoOptions
from genharness.kit import ExtractorContext
from genharness.kit.resize_conventions import RESIZES, resize
from genharness_features_inception import extractor as extractor_module
from genharness_features_inception.extractor import InceptionExtractor, InceptionSpatial

SPEC = plugin.genharness_extractors()[0]


class Recorder:
    """Stands in for the network: keeps what it is given, and answers at once."""

    def __init__(self):
        self.seen = []

    def pool(self, images):
        self.seen.append(images)
        return images.mean(dim=(2, 3))

    def logits(self, pooled, *, unbiased):
        assert unbiased
        return pooled


@pytest.fixture
def build(random_weights, network, monkeypatch):
    """Build the extractor as the harness does, its checksum being that of the random weights."""
    promised = dataclasses.replace(plugin.WEIGHTS, sha256=hashlib.sha256(random_weights.read_bytes()).hexdigest())
    monkeypatch.setattr(extractor_module, "WEIGHTS", promised)

    def build(resize="clean", through=None, kind=InceptionExtractor):
        monkeypatch.setattr(extractor_module, "load_network", lambda path: network)
        context = ExtractorContext(device=torch.device("cpu"), resize=resize, weights=random_weights)
        extractor = kind(context, NoOptions())
        extractor._network = through or network
        return extractor

    return build


def test_the_spec_offers_the_resizers_that_exist_and_clean_first():
    assert SPEC.resizes == RESIZES
    assert SPEC.resizes[0] == "clean"


def test_spatial_features_are_resized_as_published_ones_unless_it_is_asked_for_otherwise():
    spatial = plugin.genharness_extractors()[1]
    assert spatial.name == "inception-spatial"
    assert spatial.resizes[0] == "legacy-tf"
    assert set(spatial.resizes) == set(RESIZES)


@pytest.mark.parametrize("count", [1, 3])
def test_spatial_features_are_those_of_the_network_however_images_are_batched(build, network, pictures, count):
    extractor = build("legacy-tf", kind=InceptionSpatial)
    found = extractor.extract(pictures[:count])
    with torch.inference_mode():
        expected = network.spatial(resize(torch.from_numpy(pictures), 299, "legacy-tf"))[:count]
    assert found.logits is None
    np.testing.assert_allclose(found.features, expected.numpy(), atol=1e-5 * float(expected.max()))


def test_listing_the_plugin_does_not_import_torch():
    code = "import sys, genharness_features_inception as p; p.genharness_extractors(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_legacy_tf_features_equal_torch_fidelitys_end_to_end(build, reference, pictures, monkeypatch):
    monkeypatch.setitem(extractor_module._BATCH, "cpu", 2)  # a full batch and a ragged one
    extracted = build(resize="legacy-tf").extract(pictures)
    for ours, theirs in ((extracted.features, reference["2048"]), (extracted.logits, reference["logits_unbiased"])):
        assert ours.dtype == np.float32
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * theirs.abs().max().item())


@pytest.mark.parametrize("name", RESIZES)
def test_the_network_sees_images_resized_as_the_protocol_says(build, pictures, name):
    recorder = Recorder()
    build(resize=name, through=recorder).extract(pictures)
    torch.testing.assert_close(recorder.seen[0], resize(torch.from_numpy(pictures), 299, name))


def test_no_resize_in_the_protocol_means_clean(build, pictures):
    recorder = Recorder()
    build(resize="", through=recorder).extract(pictures)
    torch.testing.assert_close(recorder.seen[0], resize(torch.from_numpy(pictures), 299, "clean"))


def test_a_grey_image_is_seen_as_its_coloured_twin(build, pictures):
    recorder, grey = Recorder(), pictures[:2, :1]
    build(through=recorder).extract(grey)
    build(through=recorder).extract(np.repeat(grey, 3, axis=1))
    torch.testing.assert_close(*recorder.seen)


def test_no_batch_is_larger_than_the_device_likes(build):
    recorder = Recorder()
    build(through=recorder).extract(np.zeros((37, 1, 8, 8), np.uint8))
    assert [len(images) for images in recorder.seen] == [16, 16, 5]


def test_read_only_samples_are_read(build, pictures):
    frozen = pictures[:1].copy()
    frozen.flags.writeable = False
    assert len(build(through=Recorder()).extract(frozen).features) == 1


def test_the_callers_precision_is_given_back(build, pictures):
    before = torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()
    build(through=Recorder()).extract(pictures)
    assert (torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()) == before


def test_identity_is_the_hash_of_the_weights(build, random_weights):
    assert build().identity == hashlib.sha256(random_weights.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((2, 3, 8, 8), np.float32),
        np.zeros((2, 10), np.float32),
        np.zeros((2, 4, 8, 8), np.uint8),
        np.zeros((0, 3, 8, 8), np.uint8),
    ],
)
def test_what_it_cannot_read_is_refused_in_one_line(build, samples):
    with pytest.raises(DataError, match=r"extractor inception reads uint8 images .* choose another") as raised:
        build().extract(samples)
    assert "\n" not in str(raised.value)


def test_other_weights_than_the_published_are_refused(random_weights):
    context = ExtractorContext(device=torch.device("cpu"), weights=random_weights)
    with pytest.raises(DataError, match=f"not {plugin.WEIGHTS.sha256}"):
        InceptionExtractor(context, NoOptions())
