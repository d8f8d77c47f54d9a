"""Settings under which scores stand in papers."""

import dataclasses

from genharness.spec.protocol import Protocol
from genharness.spec.published import published_name

FULL = Protocol(extractor="inception", resize="legacy-tf", sample_count=50_000)


def test_settings_of_papers_have_a_name():
    assert published_name(FULL) == "published"
    assert published_name(dataclasses.replace(FULL, sample_count=10_000)) == "published-10k"
    assert published_name(dataclasses.replace(FULL, metric_options={"kid": {"subsets": 3}}, seed=7)) == "published"


def test_any_other_setting_has_none():
    others = {
        "extractor": "classifier",
        "resize": "clean",
        "sample_count": 49_999,
        "reference_split": "test",
        "reference_count": 10_000,
        "extractor_options": {"x": 1},
    }
    for field, value in others.items():
        assert published_name(dataclasses.replace(FULL, **{field: value})) == ""
