"""What samples are measured with."""

import pytest

from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.plugins import DataShape
from genharness.study import measuring
from genharness.study.measuring import (
    Measuring,
    choose_extractor,
    feature_errors,
    over_training,
    protocol_of,
    select,
    select_metrics,
)
from genharness.study.settings import choose

DIGITS = DatasetFacts(
    reference="digits",
    spec_name="digits",
    shape=DataShape("image", (1, 8, 8), 10, 1258),
    counts={"train": 1258, "test": 539},
    class_names=tuple("0123456789"),
)
BARE = DatasetFacts(reference="x", spec_name="digits", shape=DataShape("image", (1, 8, 8)), counts={}, class_names=())


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def here(_remote):
    return True


def nowhere(_remote):
    return False


def test_names_and_patterns_choose_once_each_in_the_order_asked_for(registry):
    specs, mistakes = select(registry.models, ["vae", "*gan-gp", "vae"])
    assert specs[0].name == "vae"
    assert {spec.name for spec in specs} == {"vae", "wgan-gp", "sn-wgan-gp"}
    assert mistakes == []


def test_every_wrong_name_is_told(registry):
    specs, mistakes = select(registry.models, ["vea", "x*", "dcgan"])
    assert [spec.name for spec in specs] == ["dcgan"]
    assert mistakes[0] == "unknown model 'vea'; did you mean 'vae'?"
    assert mistakes[1].startswith("no model fits the pattern 'x*'")
    assert select(registry.models, []) == ([], ["no model was named: name at least one, or all"])


def test_a_model_with_an_argument_is_chosen_by_name_only_once_for_each(registry):
    specs, mistakes = select(registry.models, ["generator:a.pt", "generator:net.py:make"])
    assert [spec.recipes["smoke"].options for spec in specs] == [{"source": "a.pt"}, {"source": "net.py:make"}]
    assert mistakes == []
    assert "generator" not in {spec.name for word in ("all", "gen*") for spec in select(registry.models, [word])[0]}
    _, mistakes = select(registry.models, ["vae:x", "generator:", "genrator:x"])
    assert mistakes[:2] == [
        "model vae takes nothing behind a colon",
        "model generator needs something behind the colon",
    ]
    assert mistakes[2] == "unknown model 'genrator'; did you mean 'generator'?"


def test_default_metrics_can_be_asked_for_with_others(registry):
    specs, _ = select_metrics(registry, ["default", "lpips"])
    assert {spec.name for spec in specs} == {s.name for s in registry.metrics.values() if s.default} | {"lpips"}


def test_auto_takes_the_first_extractor_whose_weights_are_here_and_says_so(registry):
    spec, note = choose_extractor(Measuring(), registry, DIGITS, here)
    assert (spec.name, note) == ("inception", "features of digits: inception")
    spec, note = choose_extractor(Measuring(), registry, DIGITS, nowhere)
    assert spec.name == "classifier"
    assert note == "features of digits: classifier (weights of inception are not on this machine)"


def test_an_extractor_that_was_named_is_taken_without_a_word_or_refused(registry):
    spec, note = choose_extractor(Measuring(features="pixels"), registry, DIGITS, nowhere)
    assert (spec.name, note) == ("pixels", "")
    with pytest.raises(ConfigError, match="trained on class labels, and x has none: choose another"):
        choose_extractor(Measuring(features="classifier"), registry, BARE, here)


def test_pictures_without_labels_need_no_weights(registry):
    spec, note = choose_extractor(Measuring(), registry, BARE, nowhere)
    assert (spec.name, note) == (
        "random-vgg16",
        "features of x: random-vgg16 (weights of inception are not on this machine)",
    )


def test_where_nothing_fits_it_is_said_which_weights_are_missing(registry, monkeypatch):
    monkeypatch.setattr(measuring, "extractor_misfit", lambda spec, facts: "" if spec.weights else "it does not fit")
    with pytest.raises(ConfigError, match=r"no feature extractor fits x \(weights of .* are not on this machine\)"):
        choose_extractor(Measuring(), registry, BARE, nowhere)


def test_a_resize_that_the_one_taken_does_not_know_is_refused(registry):
    with pytest.raises(ConfigError, match="which knows no resize 'legacy-tf': name an extractor with --features"):
        choose_extractor(Measuring(resize="legacy-tf"), registry, DIGITS, nowhere)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"features": "inceptoin"}, "unknown extractor 'inceptoin'; did you mean 'inception'?"),
        ({"features": "inception", "resize": "nearest"}, "extractor inception has no resize 'nearest'; known: "),
    ],
)
def test_features_that_there_are_none_of_are_refused(registry, values, message):
    (line,) = feature_errors(Measuring(**values), registry)
    assert line.startswith(message)


def test_the_protocol_holds_what_was_asked_for_and_options_that_were_changed(registry):
    measuring = Measuring(reference=50, protocol_seed=3, set={"prdc": {"k": 3}, "classifier": {"steps": 20}})
    metrics = [choose(registry.metrics[name], measuring.set) for name in ("fid", "prdc")]
    protocol = protocol_of(measuring, registry.extractors["classifier"], 100, metrics)
    assert (protocol.sample_count, protocol.reference_count, protocol.seed) == (100, 50, 3)
    assert protocol.metric_options == {"prdc": {"k": 3}}
    assert protocol.extractor_options == {"steps": 20}
    assert protocol_of(measuring, registry.extractors["pixels"], 9, [], "statistics").reference_split == "statistics"


def metrics_of_a_run(*names):
    return [load_registry().metrics.find(name) for name in names]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (("default",), ("fid", "prdc", "reconstruction")),
        (("likelihood",), ("likelihood",)),
        (("default", "like*"), ("fid", "prdc", "reconstruction", "likelihood")),
        (("all",), ("fid", "prdc", "reconstruction", "likelihood", "lpips")),
        ((), ()),
    ],
)
def test_names_patterns_and_words_choose_among_the_metrics_of_the_run(wanted, chosen):
    run = metrics_of_a_run("fid", "prdc", "reconstruction", "likelihood", "lpips")
    assert over_training(wanted, run) == (chosen, [])


def test_what_the_run_does_not_compute_is_refused_with_what_to_do():
    assert over_training(("fidd",), metrics_of_a_run("fid")) == (
        (),
        ["--score-metrics fidd is no metric of this run; did you mean 'fid'?: name one of --metrics, or add it there"],
    )
