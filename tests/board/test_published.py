"""Scores beside those of papers."""

from genharness.board.published import note_published
from genharness.board.rows import Group
from genharness.spec.protocol import Protocol

ROW = object()


def noted(*protocols):
    groups = [Group("cifar10", protocol, rows=[ROW]) for protocol in protocols]
    note_published(groups)
    return [group.notes for group in groups]


def inception(samples, resize="legacy-tf"):
    return Protocol(extractor="inception", resize=resize, sample_count=samples)


def test_scores_over_the_features_of_papers_say_once_that_their_settings_are_others():
    first, second = noted(inception(2000), inception(50_000, "clean"))
    assert "not to be held against published scores, which take 50,000 samples against all of train" in first[0]
    assert second == []


def test_scores_under_published_settings_say_so():
    assert noted(inception(50_000), inception(10_000)) == [
        ["settings as published (published)"],
        ["settings as published (published-10k)"],
    ]


def test_other_features_have_no_published_scores():
    assert noted(Protocol(extractor="classifier", sample_count=50_000), None) == [[], []]
