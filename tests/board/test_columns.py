"""Which columns a leaderboard has, and in which order."""

import pytest

from board_records import record
from genharness.board.columns import columns_of, compared_columns, find_column
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.results.members import Members
from genharness.spec.protocol import Protocol

CLASSIFIER = Protocol(extractor="classifier", sample_count=10)


def of(*records):
    return columns_of([Members(records)], load_registry(), CLASSIFIER)


def keys(*records):
    return list(of(*records))


SCORES = {"kid": 1.0, "kid_std": 0.1, "precision": 0.5, "recall": 0.5, "coverage": 0.5, "density": 1.0, "vendi": 3.0}


def test_default_scores_stand_before_all_others_and_training_time_after_the_first_three():
    found = keys(record("vae", 1.0, scores=SCORES))
    assert found == [
        *("fid", "kid", "precision", "train_seconds", "recall"),
        *("kid_std", "coverage", "density", "vendi"),
    ]


def test_rows_are_compared_by_default_scores_with_a_better_end_and_by_what_ranks():
    found = of(record("vae", 1.0, scores=SCORES))
    compared = [column.key for column in compared_columns(found, found["train_seconds"])]
    assert compared == ["train_seconds", "fid", "kid", "precision", "recall"]
    assert compared_columns(found, None) == compared_columns(found, found["vendi"]) == []


def test_what_is_best_near_real_has_no_better_end():
    found = of(record("vae", 1.0, scores={**SCORES, "authenticity": 0.5, "ct": 0.0}))
    assert {found[key].arrow for key in ("density", "vendi", "authenticity", "ct")} == {""}
    assert all(found[key].column.wide for key in ("density", "vendi", "authenticity", "ct"))


def test_a_number_that_only_some_records_have_is_a_column():
    assert {"fid", "recall"} <= set(keys(record("vae", 1.0), record("gan", 2.0, scores={"recall": 0.5})))


def test_a_score_that_no_metric_gives_any_more_keeps_its_key_as_its_title():
    found = of(record("vae", 1.0, scores={"old_score": 2.0}))
    assert found["old_score"].title == "old_score"


def test_a_score_that_is_undefined_everywhere_is_no_column():
    assert "recall" not in keys(record("vae", 1.0, scores={"recall": None}))


def test_an_unknown_column_comes_with_the_nearest():
    available = of(record("vae", 1.0))
    with pytest.raises(ConfigError, match=r"no column 'fdi'; did you mean 'fid'\?"):
        find_column(available, "fdi")
