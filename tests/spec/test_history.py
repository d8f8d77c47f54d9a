"""Curves over training."""

import json

import pytest

from genharness.spec.history import BestPoint, History


def filled():
    history = History(best=BestPoint(column="fid", step=20, value=3.0))
    history.add_losses(10, {"loss": 1.0})
    history.add_losses(20, {"loss": 0.5, "kl": 0.1})
    history.add_scores(20, {"fid": 3.0, "recall": None})
    history.events.append({"step": 20, "event": "diverged"})
    return history


def test_every_series_stands_beside_its_steps():
    assert filled().losses == {"step": [10, 20], "loss": [1.0, 0.5], "kl": [0.1]}
    assert filled().scores == {"step": [20], "fid": [3.0], "recall": [None]}


def test_a_score_that_is_only_sometimes_there_keeps_its_steps():
    history = History()
    history.add_scores(10, {"fid": 9.0})
    history.add_scores(20, {"fid": 5.0, "hanging_recall": 0.25})
    history.add_scores(30, {"fid": 4.0})
    assert history.scores == {"step": [10, 20, 30], "fid": [9.0, 5.0, 4.0], "hanging_recall": [None, 0.25, None]}


def test_a_history_comes_back_from_json():
    assert History.from_plain(json.loads(json.dumps(filled().as_plain()))) == filled()


def test_what_an_older_record_lacks_is_empty():
    assert History.from_plain({}) == History()


@pytest.mark.parametrize("part", [{"losses": []}, {"scores": 3}, {"events": {}}, {"sweep": None}])
def test_a_part_of_another_kind_is_refused_by_name(part):
    with pytest.raises(ValueError, match=f"its {next(iter(part))} is"):
        History.from_plain(part)


def test_two_histories_share_no_list():
    History().add_losses(1, {"loss": 2.0})
    assert History().losses == {"step": []}
