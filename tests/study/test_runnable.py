"""What metrics need and a machine may lack."""

from genharness.plugin.registry import load_registry
from genharness.spec.columns import Column
from genharness.spec.plugins import MetricSpec, Remote
from genharness.study.runnable import missing_packages, missing_weights, named_metrics

REGISTRY = load_registry()
WEIGHTS = Remote(filename="net.pt", urls=("https://a.example/net.pt",), md5="0" * 32, size=244_000_000)


def metric(name="mine", **more):
    return MetricSpec(name=name, summary="", factory="", columns=(Column(key=name, title=name),), **more)


def test_only_what_is_named_outright_was_asked_for_by_name():
    several = [metric("a"), metric("b")]
    assert named_metrics(several, ("b", "all", "a*")) == [several[1]]
    assert named_metrics(several, ("default",)) == []


def test_a_missing_package_is_told_with_what_to_install():
    assert missing_packages([metric(packages=("numpy",))]) == []
    assert missing_packages([metric(packages=("numpy", "no-such-package"))]) == [
        "metric mine needs no-such-package, which is not installed: pip install no-such-package"
    ]


def test_missing_weights_are_told_with_their_size_and_where_to_put_them():
    (line,) = missing_weights([metric(weights=WEIGHTS)], REGISTRY, lambda remote: False)
    assert line.startswith("metric mine: net.pt (244 MB) is not on this machine")
    assert "--weights" in line
    assert missing_weights([metric(weights=WEIGHTS)], REGISTRY, lambda remote: True) == []


def test_weights_of_extractors_that_a_metric_asks_for_are_its_own_need():
    specs = [REGISTRY.metrics[name] for name in ("fd-dinov2", "sfid")]
    lines = missing_weights(specs, REGISTRY, lambda remote: False)
    assert [line.split(":")[0] for line in lines] == ["metric fd-dinov2", "metric sfid"]
