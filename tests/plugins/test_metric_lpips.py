"""LPIPS metrics beside direct calls of the package, with a random trunk where the published one is not at hand."""

import dataclasses
import sys

import numpy as np
import pytest
import torch

from genharness import ConfigError, DataError
from genharness.files.checksums import file_digest
from genharness.kit.evaluation import Reconstructions
from genharness_metric_lpips import LpipsDiversityConfig, metrics, network

pytest.importorskip("lpips")
RANDOM = np.random.default_rng(0)
REAL, FAKE = RANDOM.integers(0, 256, (2, 12, 3, 40, 40)).astype(np.uint8)


class Evaluation:
    seed, device = 0, torch.device("cpu")

    def __init__(self, real=REAL, fake=FAKE, labels=None, weights=None):
        self.errors = {}
        self.state_error = self.errors.__setitem__
        self.real, self.fake, self.known, self.weights = real, fake, labels, weights

    def real_images(self):
        return self.real

    def fake_images(self):
        return self.fake

    def labels(self, which):
        return self.known

    def of_model(self, need):
        assert need == "reconstructions"
        return Reconstructions(self.real, self.fake)


@pytest.fixture
def trunk(tmp_path, monkeypatch):
    """A file of AlexNet's layout with random weights, promised by its own checksum."""
    from torchvision.models import alexnet

    torch.manual_seed(0)
    state = {key: value for key, value in alexnet(weights=None).state_dict().items() if key.startswith("features.")}
    path = tmp_path / network.TRUNK.filename
    torch.save(state, path)
    digest = file_digest(path, "sha256")
    monkeypatch.setattr(network, "TRUNK", dataclasses.replace(network.TRUNK, sha256=digest))
    monkeypatch.setenv("GENHARNESS_WEIGHTS", str(tmp_path))
    return state


def test_the_trunk_is_filled_from_the_file(trunk):
    loaded = network.load_network(torch.device("cpu"))
    for name, tensor in loaded.net.state_dict().items():
        assert torch.equal(tensor, trunk[f"features.{name.split('.', 1)[1]}"]), name
    assert len(loaded.net.state_dict()) == len(trunk)


def test_reconstructions_score_the_mean_of_direct_calls(trunk):
    loaded = network.load_network(torch.device("cpu"))
    with torch.no_grad():
        scaled = [torch.from_numpy(images).float() / 127.5 - 1 for images in (REAL, FAKE)]
        expected = [loaded(a[None], b[None]).item() for a, b in zip(*scaled, strict=True)]
    found = metrics.ReconstructionLpips(None).compute(Evaluation())
    assert found["lpips"] == pytest.approx(np.mean(expected), rel=1e-5)
    assert metrics.ReconstructionLpips(None).compute(Evaluation(fake=REAL))["lpips"] == 0


def test_a_collapsed_generator_has_no_diversity(trunk):
    metric = metrics.LpipsDiversityMetric(LpipsDiversityConfig(pairs=10))
    found = metric.compute(Evaluation(fake=FAKE[:1].repeat(12, 0), labels=np.arange(12) % 2))
    assert found["lpips_diversity"] == pytest.approx(0, abs=1e-7)
    assert found["lpips_within_class"] == pytest.approx(0, abs=1e-7)
    assert found["lpips_diversity_real"] > 1e-3


def test_without_labels_there_is_no_number_within_classes(trunk):
    assert set(metrics.LpipsDiversityMetric(LpipsDiversityConfig(pairs=3)).compute(Evaluation())) == {
        "lpips_diversity",
        "lpips_diversity_real",
    }


def test_small_images_are_refused():
    small = FAKE[:, :, :28, :28]
    with pytest.raises(ConfigError, match="images of 32 pixels a side at least, not 28"):
        metrics.LpipsDiversityMetric(LpipsDiversityConfig()).compute(Evaluation(small, small))


def test_a_missing_package_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "lpips", None)
    with pytest.raises(ConfigError, match=r"package lpips is missing: pip install 'genharness\[verify\]'"):
        metrics.ReconstructionLpips(None).compute(Evaluation())


def test_weights_that_cannot_be_had_are_one_line_with_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    unreachable = dataclasses.replace(network.TRUNK, urls=("http://127.0.0.1:9/alexnet.pth",))
    monkeypatch.setattr(network, "TRUNK", unreachable)
    with pytest.raises(DataError) as caught:
        network.load_network(torch.device("cpu"))
    assert network.TRUNK.filename in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_of_other_weights_is_refused(trunk, tmp_path, monkeypatch):
    path = tmp_path / network.TRUNK.filename
    torch.save({"features.0.weight": torch.zeros(2)}, path)
    monkeypatch.setattr(network, "TRUNK", dataclasses.replace(network.TRUNK, sha256=file_digest(path, "sha256")))
    with pytest.raises(DataError, match="are not those of AlexNet"):
        network.load_network(torch.device("cpu"))


@pytest.mark.parametrize("given", ["file", "folder"])
def test_the_users_weights_reach_the_metrics(trunk, tmp_path, monkeypatch, given):
    monkeypatch.delenv("GENHARNESS_WEIGHTS")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "nowhere"))
    weights = tmp_path / network.TRUNK.filename if given == "file" else tmp_path
    found = metrics.ReconstructionLpips(None).compute(Evaluation(weights=weights))
    assert found["lpips"] > 0


def test_weights_that_are_meant_for_an_extractor_are_passed_over(trunk, tmp_path):
    (tmp_path / "inception.pth").write_bytes(b"weights of something else")
    found = metrics.ReconstructionLpips(None).compute(Evaluation(weights=tmp_path / "inception.pth"))
    assert found["lpips"] > 0


def test_the_packages_own_calls_agree(trunk, tmp_path, monkeypatch):
    from genharness.verify.peers import PEERS

    made = file_digest(tmp_path / network.TRUNK.filename, "sha256")
    monkeypatch.setattr("genharness.verify.images._ALEXNET_SHA256", made)  # of the file of the test
    strict = torch.nn.Module.load_state_dict  # the file of the test leaves out the large layers, which LPIPS does too
    monkeypatch.setattr(torch.nn.Module, "load_state_dict", lambda self, state, *_, **__: strict(self, state, False))
    evaluation = Evaluation(labels=np.arange(12) % 2, weights=tmp_path)
    by_metric = {peer.metric: peer for peer in PEERS if peer.library == "lpips"}
    config = LpipsDiversityConfig(pairs=9)
    ours = dict(metrics.LpipsDiversityMetric(config).compute(evaluation))
    ours |= metrics.ReconstructionLpips(None).compute(evaluation)
    hub = torch.hub.get_dir()
    theirs = {}
    for peer in by_metric.values():
        theirs |= peer.compute(evaluation, {"pairs": 9})
    assert theirs.keys() == ours.keys()
    for key, one in theirs.items():
        assert abs(one.value - ours[key]) <= one.tolerance, key
    assert torch.hub.get_dir() == hub


def test_without_a_trunk_the_package_is_not_compared(tmp_path, monkeypatch):
    from genharness.verify.peers import PEERS

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (peer,) = (peer for peer in PEERS if peer.metric == "lpips")
    with pytest.raises(ValueError, match=r"alexnet-owt-7be5be79\.pth is not on this machine.*--weights"):
        peer.compute(Evaluation(), {})
