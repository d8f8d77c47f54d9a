"""From names to checks; what the default metrics see of every fault is pinned here."""

import pytest

from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.selfcheck import asking
from genharness.selfcheck.asking import Asked, check_dataset
from genharness.selfcheck.check import columns_shown
from genharness.study.measuring import Measuring

REGISTRY = load_registry()


def silent(done, total, text):
    pass


def test_metrics_that_cannot_take_part_are_told_with_the_reason():
    asked = Asked(measuring=Measuring(metrics=("kld", "fid", "lpips"), features="identity"), draws=5, count=60)
    found = check_dataset("breast-cancer", asked, REGISTRY, silent)
    assert [spec.name for spec in found.metrics] == ["fid"]
    assert found.absent["kld"] == "measures a model, and no fault is planted into one"
    assert found.absent["lpips"] == "scores image data only"


def test_nothing_is_downloaded(monkeypatch):
    def refuse(*args, **more):
        raise AssertionError("a download")

    monkeypatch.setattr("genharness.files.downloads.download", refuse)
    asked = Asked(measuring=Measuring(metrics=("fd-dinov2", "lpips-diversity"), features="pixels"), draws=5, count=50)
    found = check_dataset("digits", asked, REGISTRY, silent)
    assert "are not on this machine" in found.absent["fd-dinov2"]
    assert "are not on this machine" in found.absent["lpips-diversity"]


def test_too_small_data_is_refused():
    with pytest.raises(ConfigError, match="has too few samples to plant faults into: 250 are needed"):
        check_dataset("breast-cancer#100", Asked(measuring=Measuring()), REGISTRY, silent)


PINNED = {
    "digits": (
        "fid kid clipped_density clipped_coverage precision recall excess_copies modes_covered class_accuracy copied",
        {
            "real": ".....~....",
            "noise": "xxxxxx.xx.",
            "half noise": "xxxxx...x.",
            "noise mixed in": "x...x~..x.",
            "constant": "xxxxxx.xx.",
            "one sample": "xx.x!x.x..",
            "one mode": "xx.x!x.x..",
            "half the modes": "xx.x.x~x..",
            "dropped mode": "xx...x~x..",
            "duplicates": "xx~x~x....",
            "copies": "......x..x",
            "near copies": "....~.x...",
            "some copies": "......x..x",
            "wrong labels": ".....~..x.",
            "hub": "xxxxxx.xx.",
            "outlier": "xxxxxx.xx.",
            "swapped": "xxxxxx....",
            "shrunk": "xxxxxx..x.",
            "spread": "xxxxx.....",
            "blur": "xxxxxx..x.",
            "jpeg": "xxxxxx..x.",
            "grain": "xxxx~.....",
            "brightness": "xxxxxx....",
            "contrast": "xxxxxx..x.",
            "translation": "xxxxxx.xx.",
            "upside down": "xxxxxx..x.",
        },
    ),
    "breast-cancer": (
        "fid kid clipped_density clipped_coverage precision recall excess_copies ks wasserstein correlation_distance "
        "tstr trtr modes_covered class_accuracy copied",
        {
            "real": "...............",
            "noise": "x~xxxx.xxxx..x.",
            "half noise": "..xxx..xxxx..x.",
            "noise mixed in": "....~....x...x.",
            "constant": "x~xx.x.xxxx.xx.",
            "one sample": "x~xx.x.xxxx.x..",
            "one mode": "xxxx.x.xxxx.x..",
            "duplicates": "...x.x.xxxx....",
            "copies": "......x!!~~...x",
            "near copies": "......x!!~~....",
            "some copies": "......x.......x",
            "wrong labels": "..........x..x.",
            "hub": "x~xxxx.xxxx..x.",
            "outlier": "xxxxxx.xxxx..x.",
            "swapped": "x~xxx..xx......",
            "shrunk": "x~.x.x~xx.~....",
            "spread": "xx~.x..xx.~....",
            "shift": "x~x~...xx.x..x.",
            "one column": ".......xx.~....",
            "columns apart": "x~xx.x...xx..x.",
            "rounded": ".......xx....x.",
        },
    ),
}
"""What each default column says of each fault: x seen, ! seen as better than real, . missed, ~ near the band's end."""

_CLEARLY = {"x": "seen", "!": "better than real", ".": "missed"}


@pytest.mark.slow
@pytest.mark.parametrize("dataset", PINNED)
def test_the_default_columns_see_every_fault_as_pinned(dataset):
    found = check_dataset(dataset, Asked(measuring=Measuring()), REGISTRY, silent)
    keys, expected = PINNED[dataset][0].split(), PINNED[dataset][1]
    assert found.undetected == []
    assert [column.key for column in columns_shown(found.metrics) if column.key in found.control.columns] == keys
    assert [tried.name for tried in (found.control, *found.faults)] == list(expected)
    wrong = [
        (tried.name, key, tried.columns[key].sight)
        for tried in (found.control, *found.faults)
        for key, sign in zip(keys, expected[tried.name], strict=True)
        if sign != "~" and tried.columns[key].sight != _CLEARLY[sign]
    ]
    assert wrong == []
    assert found.control.seen_by(keys) == []
    assert all(not tried.failed for tried in found.faults)


def test_a_metric_that_trains_takes_the_fewer_steps_that_it_asks_for_unless_others_are_set(monkeypatch):
    built = []
    original = asking.build_metrics

    def build(registry, options):
        built.append(options["cas"])
        return original(registry, {})

    monkeypatch.setattr(asking, "build_metrics", build)
    for settings in ({}, {"cas": {"runs": 2, "lr": 0.01}}):
        measuring = Measuring(metrics=("cas",), features="identity", set=settings)
        found = check_dataset("breast-cancer", Asked(measuring=measuring, draws=5, count=50), REGISTRY, silent)
        told = found.cheaper["cas"]
        assert told == ({"epochs": 20} if settings else {"runs": 1, "epochs": 20})
    assert [(one["runs"], one["epochs"], one["lr"]) for one in built] == [(1, 20, 6e-3), (2, 20, 0.01)]
