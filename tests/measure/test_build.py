"""What an evaluation is made of."""

from types import SimpleNamespace

import pytest
import torch

from conformance import importable
from genharness import ExtractorSpec
from genharness.errors import PluginError
from genharness.kit import Extracted, Extractor, ExtractorContext
from genharness.measure.build import build_extractor, build_metrics, classifier_name, dataset_sets, make_extractor
from genharness.measure.feature_cache import FeatureCache
from genharness.plugin.registry import Kind, load_registry
from genharness.spec.protocol import Protocol
from genharness.testing.synthetic import synthetic_data

CONTEXT = ExtractorContext(device=torch.device("cpu"), seed=99)


class Plain(Extractor):
    identity = "plain"

    def extract(self, samples):
        return Extracted(samples)


class Nameless(Plain):
    identity = " "


class Numbered(Plain):
    identity = 7


@pytest.fixture
def registry(monkeypatch):
    importable(monkeypatch, __name__, globals())
    extractors = Kind("extractor", ExtractorSpec, [])
    provider = SimpleNamespace(distribution="toys", version="1", plugin="toys")
    for name in ("Plain", "Nameless", "Numbered"):
        factory = f"{__name__}:{name}"
        spec = ExtractorSpec(name=name.lower(), summary="", factory=factory, resizes=("clean", "legacy-tf"))
        extractors.add(spec, provider)
    return SimpleNamespace(extractors=extractors)


@pytest.mark.parametrize("name", ["nameless", "numbered"])
def test_an_extractor_must_say_which_weights_it_has(registry, name):
    with pytest.raises(PluginError, match=f"extractor {name} has the identity .*: it must be text"):
        make_extractor(registry, name, CONTEXT, {})


@pytest.mark.parametrize(("own", "resize"), [("plain", "legacy-tf"), ("inception", "clean")])
def test_resize_is_the_protocols_for_its_own_extractor_and_the_default_for_others(registry, monkeypatch, own, resize):
    monkeypatch.setattr("genharness.measure.build.registered_code", lambda *_: SimpleNamespace(digest="code"))
    protocol = Protocol(extractor=own, sample_count=1, resize="legacy-tf", seed=3)
    before = torch.get_rng_state()
    built = build_extractor(registry, "plain", protocol, CONTEXT)
    assert (built.context.resize, built.context.seed, built.context.code) == (resize, 3, "code")
    assert torch.equal(before, torch.get_rng_state())


def test_class_posteriors_come_from_an_extractor_that_is_trained_on_labels():
    registry = load_registry()
    spec = registry.extractors[classifier_name(registry)]
    assert spec.needs_labels
    assert spec.has_logits


def test_metrics_are_built_with_their_options():
    ((spec, metric),) = build_metrics(load_registry(), {"prdc": {"k": "7"}})
    assert (spec.name, metric.config.k) == ("prdc", 7)


def test_the_reference_is_the_protocols_part_of_the_data_and_the_splits_are_whole(tmp_path):
    data = synthetic_data()
    protocol = Protocol(extractor="a", sample_count=1, reference_split="test", reference_count=10)
    sets = dataset_sets(data, protocol, FeatureCache(tmp_path))
    assert {name: len(part.samples) for name, part in sets.items()} == {"real": 10, "train": 160, "test": 64}
    assert sets["real"].key["count"] == 10


def test_an_extractor_for_all_gpus_has_a_copy_on_each(registry, monkeypatch):
    monkeypatch.setattr("genharness.measure.build.registered_code", lambda *_: SimpleNamespace(digest="code"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    protocol = Protocol(extractor="plain", sample_count=1, resize="clean")
    context = ExtractorContext(device=torch.device("cuda"))
    built = build_extractor(registry, "plain", protocol, context)
    assert [str(copy.context.device) for copy in built._copies] == ["cuda:0", "cuda:1"]
    assert (built.identity, built.context.code) == ("plain", "code")
