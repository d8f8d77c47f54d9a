"""What samples are measured with."""

import pytest

from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.plugins import DataShape
from genharness.study import measuring
from genharness.study.measuring import all_options, choose_extractor, protocol_of, select, select_metrics
from genharness.study.suite import Suite

DIGITS = DatasetFacts(
    reference="digits",
    spec_name="digits",
    shape=DataShape("image", (1, 8, 8), 10, 100),
    counts={"train": 100, "test": 40},
    class_names=tuple("0123456789"),
)
UNLABELLED = DatasetFacts(
    reference="faces", spec_name="faces", shape=DataShape("image", (3, 64, 64)), counts={}, class_names=()
)


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def suite(**changes):
    return Suite(models=("vae",), datasets=("digits",), **changes)


def test_names_and_patterns_choose_each_once_in_the_order_asked_for(registry):
    errors = []
    chosen = [spec.name for spec in select(registry.models, ("wgan-gp", "*wgan*", "vae"), errors)]
    assert chosen[0] == "wgan-gp"
    assert chosen[-1] == "vae"
    assert len(set(chosen)) == len(chosen) > 3
    assert not errors


def test_every_mistake_is_told(registry):
    errors = []
    select(registry.models, ("dcgna", "*nothing*"), errors)
    assert [error.partition(";")[0] for error in errors] == [
        "unknown model 'dcgna'",
        "no model fits the pattern '*nothing*'",
    ]
    select(registry.models, (), errors := [])
    assert errors == ["no model was named: name at least one, or all"]


def test_default_are_the_metrics_that_say_so(registry):
    chosen = {spec.name for spec in select_metrics(registry, ("default",), [])}
    assert chosen == {spec.name for spec in registry.metrics.values() if spec.default}


def test_options_are_the_given_ones_over_the_defaults_as_plain_values(registry):
    options = all_options(registry.metrics["prdc"], {"k": "7"})
    assert options["k"] == 7
    assert set(options) > {"k"}


def without_weights(monkeypatch):
    monkeypatch.setattr(measuring, "locate_shared", lambda remote, override: None)


def test_auto_takes_the_first_that_fits_and_says_what_it_did_without(registry, monkeypatch):
    without_weights(monkeypatch)
    notes = []
    chosen = choose_extractor(suite(), registry, None, DIGITS, notes)
    ranked = [spec for spec in registry.extractors.values() if spec.auto_rank and "image" in spec.modalities]
    assert chosen.weights is None
    assert chosen is min((spec for spec in ranked if spec.weights is None), key=lambda spec: spec.auto_rank)
    assert "are not on this machine" in notes[0]


def test_where_nothing_fits_it_is_said_which_weights_are_missing(registry, monkeypatch):
    without_weights(monkeypatch)
    with pytest.raises(ConfigError, match=r"no feature extractor fits faces \(weights of .* are not on this machine\)"):
        choose_extractor(suite(), registry, None, UNLABELLED, [])


def test_a_resize_that_the_one_taken_does_not_know_is_refused(registry, monkeypatch):
    without_weights(monkeypatch)
    with pytest.raises(ConfigError, match="which knows no resize 'legacy-tf': name an extractor with --features"):
        choose_extractor(suite(resize="legacy-tf"), registry, None, DIGITS, [])


def test_a_protocol_holds_what_differs_from_the_defaults(registry):
    asked = suite(reference=50, reference_split="test", protocol_seed=3, set={"kid": {"subsets": 7}, "fid": {}})
    metrics = [registry.metrics["kid"], registry.metrics["fid"]]
    protocol = protocol_of(asked, registry.extractors["inception"], 99, metrics)
    assert protocol.metric_options == {"kid": {"subsets": 7}}
    assert (protocol.reference_split, protocol.reference_count, protocol.sample_count) == ("test", 50, 99)
    assert (protocol.seed, protocol.resize) == (3, registry.extractors["inception"].resizes[0])
