"""Which columns a leaderboard has, and in which order."""

import pytest

from board_records import record
from genharness.board.columns import columns_of, find_column
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.spec.protocol import Protocol

CLASSIFIER = Protocol(extractor="classifier", sample_count=10)


def keys(*records):
    return list(columns_of(records, load_registry(), CLASSIFIER))


def test_headline_scores_stand_before_their_details_and_training_time_after_the_first_three():
    scores = {"kid": 1.0, "kid_std": 0.1, "precision": 0.5, "recall": 0.5, "coverage": 0.5, "psnr": 30.0}
    found = keys(record("vae", 1.0, scores=scores))
    assert found.index("fid") == 0
    assert found.index("train_seconds") == 3
    assert found.index("psnr") < found.index("kid_std")


def test_a_number_that_only_some_records_have_is_a_column():
    assert {"fid", "recall"} <= set(keys(record("vae", 1.0), record("gan", 2.0, scores={"recall": 0.5})))


def test_a_score_that_no_metric_gives_any_more_keeps_its_key_as_its_title():
    found = columns_of([record("vae", 1.0, scores={"old_score": 2.0})], load_registry(), CLASSIFIER)
    assert found["old_score"].title == "old_score"


def test_a_score_that_is_undefined_everywhere_is_no_column():
    assert "recall" not in keys(record("vae", 1.0, scores={"recall": None}))


def test_an_unknown_column_comes_with_the_nearest():
    available = columns_of([record("vae", 1.0)], load_registry(), CLASSIFIER)
    with pytest.raises(ConfigError, match=r"no column 'fdi'; did you mean 'fid'\?"):
        find_column(available, "fdi")
