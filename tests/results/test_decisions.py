"""Decisions as they are kept: whole, read back as they were written, never begun anew in silence."""

import dataclasses

import numpy as np
import pytest

from genharness.errors import RunError
from genharness.results.decisions import KeptDecisions, kept_decisions, load_decisions, save_decisions
from seed_studies import scores, studied


def kept(**changes):
    decisions = studied(scores(np.random.default_rng(0), [0, 0.01, 1])).decisions
    cells = {row: [f"{row}-{seed}" for seed in range(20)] for row in decisions.plan.rows}
    values = {"dataset": "digits", "metric": "fid", "title": "FD", "cells": cells, "decisions": decisions}
    return KeptDecisions(**{**values, "lost": {"m0": [0, 3]}, "had_seeds": ("m1",), **changes})


def test_decisions_are_read_as_they_were_written(tmp_path):
    one = kept()
    save_decisions(tmp_path, one)
    assert load_decisions(tmp_path, one.name) == one
    assert list(kept_decisions(tmp_path)) == [one]


def test_another_question_row_or_limit_is_another_family():
    one = kept()
    plan = one.decisions.plan
    names = {
        one.name,
        *(
            dataclasses.replace(one, decisions=dataclasses.replace(one.decisions, plan=other)).name
            for other in (
                dataclasses.replace(plan, limit=10),
                dataclasses.replace(plan, goal="ranking"),
                dataclasses.replace(plan, margin=0.1),
            )
        ),
        kept(metric="kid").name,
        kept(cells={**one.cells, "m3": ["m3-0"]}).name,
    }
    assert len(names) == 6
    assert kept(lost={}, had_seeds=()).name == one.name


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"schema": 99}', '{"schema": 1, "decisions": {"findings": [{}]}}']
)
def test_what_is_no_decisions_is_refused_by_a_study_and_passed_over_by_a_board(tmp_path, content):
    one = kept()
    save_decisions(tmp_path, one)
    (path,) = (tmp_path / "decisions").iterdir()
    path.write_text(content)
    with pytest.raises(RunError, match="cannot be read"):
        load_decisions(tmp_path, one.name)
    assert list(kept_decisions(tmp_path)) == []


def test_where_nothing_was_kept_there_is_nothing(tmp_path):
    assert load_decisions(tmp_path, kept().name) is None
    assert list(kept_decisions(tmp_path)) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "decisions").touch()
    with pytest.raises(RunError, match="cannot write the decisions"):
        save_decisions(tmp_path, kept())
