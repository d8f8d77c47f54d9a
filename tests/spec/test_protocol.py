"""What makes scores comparable."""

import dataclasses
import hashlib
import json

import pytest

from genharness.spec.protocol import Protocol, canonical_json, protocol_difference, short_hash

PROTOCOL = Protocol(extractor="inception", sample_count=1000, resize="clean")


def test_equal_values_give_equal_text_whatever_their_order():
    assert canonical_json({"b": 1, "a": [1.5, "é"]}) == '{"a":[1.5,"\\u00e9"],"b":1}'


def test_nan_has_no_canonical_text():
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))


def test_a_short_hash_is_the_beginning_of_the_sha256():
    text = json.dumps({"a": 1}, separators=(",", ":"))
    assert short_hash({"a": 1}, digits=12) == hashlib.sha256(text.encode()).hexdigest()[:12]


def test_a_protocol_comes_back_from_json_with_its_hash():
    back = Protocol.from_plain(json.loads(json.dumps(PROTOCOL.as_plain())))
    assert (back, back.hash) == (PROTOCOL, PROTOCOL.hash)


CHANGES = {
    "extractor": "classifier",
    "sample_count": 999,
    "extractor_options": {"a": 1},
    "extractor_identity": "abc",
    "resize": "legacy-tf",
    "reference_split": "test",
    "reference_count": 10,
    "metric_options": {"kid": {"subsets": 3}},
    "seed": 1,
    "dataset_hash": "abc",
    "inputs": {"kid.reference": "abc"},
}


def test_every_field_is_tried():
    assert set(CHANGES) == {field.name for field in dataclasses.fields(Protocol)}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_a_score_is_relative_to_changes_the_hash_and_is_named(name):
    other = dataclasses.replace(PROTOCOL, **{name: CHANGES[name]})
    assert other.hash != PROTOCOL.hash
    assert protocol_difference(PROTOCOL, other).startswith(name.replace("_", " "))


def test_equal_protocols_differ_in_nothing():
    assert protocol_difference(PROTOCOL, PROTOCOL) == ""


def test_long_hashes_are_cut_and_what_is_empty_is_said():
    other = dataclasses.replace(PROTOCOL, dataset_hash="f" * 64)
    assert protocol_difference(PROTOCOL, other) == "dataset hash none against ffffffffffff…"


def test_people_read_extractor_resize_and_counts():
    text = str(dataclasses.replace(PROTOCOL, reference_count=5000))
    assert text == "inception, resize clean, 1,000 samples against 5,000 of train"


def test_a_file_that_an_option_names_is_told_by_its_content():
    here, there, other = (
        dataclasses.replace(
            PROTOCOL, extractor_options={"weights": path}, inputs={f"{PROTOCOL.extractor}.weights": what}
        )
        for path, what in (("/here/a.pt", "one"), ("/there/b.pt", "one"), ("/here/a.pt", "two"))
    )
    assert here.hash == there.hash != other.hash
