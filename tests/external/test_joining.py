"""How a set of samples stands to the rows of a results folder."""

import dataclasses

import board_records
from genharness.external.joining import told_of_others
from genharness.spec.protocol import Protocol


def record(model, count, samples="", **protocol):
    made = board_records.record(model, 1.0)
    under = Protocol(extractor="classifier", sample_count=count, **protocol)
    made.cell = dataclasses.replace(made.cell, protocol=under, options={"samples": samples} if samples else {})
    made.protocol, made.protocol_hash = under.as_plain(), under.hash
    made.source = "external" if samples else "trained"
    return made


def test_what_misses_a_ranking_by_its_count_alone_is_told_the_count_that_joins_it():
    others = [record("vae", 539), record("dcgan", 539), record("gan", 100)]
    (line,) = told_of_others(record("mine", 1000, "a"), others)
    assert line == ("mine stands in no ranking, by its count alone: --count 539 joins it to 2 rows of digits")


def test_too_few_samples_are_told_how_many_would_do():
    (line,) = told_of_others(record("mine", 400, "a"), [record("vae", 539)])
    assert "mine has 400 samples and the other rows 539" in line


def test_what_is_in_a_ranking_or_kept_apart_by_more_is_told_nothing():
    assert told_of_others(record("mine", 539, "a"), [record("vae", 539), record("gan", 100)]) == []
    assert told_of_others(record("mine", 1000, "a"), [record("vae", 539, resize="clean")]) == []
    assert told_of_others(record("mine", 1000, "a"), []) == []


def test_the_same_samples_under_another_name_are_told():
    assert told_of_others(record("mine", 539, "a"), [record("yours", 539, "a"), record("other", 539, "b")]) == [
        "mine holds the same samples as yours"
    ]
