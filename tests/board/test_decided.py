"""Marks of rows that a study decided come from the study, not from a test of what lies there now."""

from board_records import ALIKE, CLOSE, FAR, seeds
from genharness.board.build import build
from genharness.board.compare import compare_rows
from genharness.plugin.registry import load_registry
from genharness.results.decisions import KeptDecisions, save_decisions
from genharness.results.store import Store
from genharness.stats import Standing
from genharness.stats.sequential import Decisions, SeedPlan

RECORDS = {"vae": seeds("vae", CLOSE), "dcgan": seeds("dcgan", ALIKE), "wgan": seeds("wgan", FAR[:3])}


def decisions(rows, limit=5):
    """A study of rows that took its first look."""
    plan = SeedPlan(rows=tuple(rows), limit=limit, ratio=True)
    scores = {row: [one.scores["fid"] for one in RECORDS[row][:3]] for row in rows}
    cells = {row: [one.cell.id for one in RECORDS[row]] for row in rows}
    made = Decisions(plan=plan).after(scores)
    return KeptDecisions(dataset="digits", metric="fid", title="FD", cells=cells, decisions=made, began_at="2026")


def board(*studies, only=tuple(RECORDS)):
    records = [one for name in only for one in RECORDS[name]]
    return build(records, load_registry(), decisions=studies).groups[0]


def ranks(group):
    return {row.label: row.ranks for row in group.rows}


def test_ranks_and_the_best_are_those_of_the_study():
    group = board(decisions(RECORDS))
    assert ranks(group) == {"vae": Standing(1, 2), "dcgan": Standing(1, 2), "wgan": Standing(3, 3)}
    assert any("compared in FD at the looks at 3 seeds of a study until decided" in line for line in group.notes)


def test_a_pair_that_the_study_left_open_is_not_decided_by_more_seeds_of_one_look():
    """Five seeds of each lie there; the study saw three, and at its level they tell nothing apart."""
    spread = {"vae": seeds("vae", [10, 13, 16, 13, 13]), "wgan": seeds("wgan", [20, 26, 33, 26, 26])}
    records = [one for each in spread.values() for one in each]
    made = Decisions(plan=SeedPlan(rows=tuple(spread), limit=20, ratio=True)).after(
        {name: [one.scores["fid"] for one in each[:3]] for name, each in spread.items()}
    )
    cells = {name: [one.cell.id for one in each] for name, each in spread.items()}
    study = KeptDecisions(dataset="digits", metric="fid", title="FD", cells=cells, decisions=made)
    plain, planned = (build(records, load_registry(), decisions=one).groups[0] for one in ([], [study]))
    assert set(ranks(plain).values()) == {Standing(1, 1), Standing(2, 2)}
    assert set(ranks(planned).values()) == {Standing(1, 2)}


def test_rows_outside_the_study_are_tested_as_ever():
    group = board(decisions(("vae", "dcgan")))
    assert ranks(group)["wgan"] == Standing(3, 3)
    assert "(2 comparisons, corrected)" in "\n".join(group.notes)


def test_a_study_of_other_records_marks_nothing():
    assert board(decisions(("vae", "wgan")), only=("dcgan",)).decided == {}


def test_compare_says_what_the_study_said(tmp_path):
    store = Store(tmp_path)
    store.open_for_writing()
    for each in RECORDS.values():
        for one in each:
            store.save(one)
    save_decisions(tmp_path, decisions(RECORDS))
    (found,) = compare_rows(store, load_registry(), ["vae", "wgan"])
    comparison = found.metrics[0].comparisons[0]
    assert comparison.verdict == "better"
    assert "over all looks of the study" in comparison.sentence
