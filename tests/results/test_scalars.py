"""A run as numbers: those of the record, each once."""

from board_records import record
from genharness.plugin.execution import Event
from genharness.results.scalars import Scalar, Scalars, final_table, options_of_cell


def done():
    one = record("vae", 1.5, scores={"recall": None}, options={"lr": 0.1})
    one.measurements |= {"train_steps": 20.0}
    one.history.scores = {"step": [10, 20], "fid": [3.0, None], "recall": [0.5, 0.75], "samples": [5, 5]}
    return one


def scored(step, **values):
    return Event(cell_id=done().cell.id, phase="score-over-training", step=step, values=values)


def test_a_record_gives_its_curves_its_scores_and_its_costs_and_nothing_undefined():
    found = {(one.name, one.step): one.value for one in Scalars().of_record(done())}
    assert found == {
        ("over training/fid", 10): 3.0,
        ("over training/recall", 10): 0.5,
        ("over training/recall", 20): 0.75,
        ("score/fid", 20): 1.5,
        ("cost/train_seconds", 20): 10.0,
        ("cost/train_steps", 20): 20.0,
    }


def test_losses_that_no_event_told_come_with_the_record_and_others_only_once():
    scalars, one = Scalars(), done()
    one.history.losses = {"step": [5, 10, 15], "loss": [0.5, 0.25, None], "kl": [1.0, 2.0, 3.0]}
    one.history.held_out = {"step": [10], "loss": [0.75]}
    told = scalars.of_event(Event(cell_id=one.cell.id, phase="train", step=5, values={"loss": 0.5, "kl": 1.0}))
    told += [item for item in scalars.of_record(one) if item.name.startswith(("train", "held"))]
    assert [(item.name, item.step, item.value) for item in told] == [
        *(("train/loss", 5, 0.5), ("train/kl", 5, 1.0)),
        *(("train/loss", 10, 0.25), ("train/kl", 10, 2.0), ("held out/loss", 10, 0.75)),
        ("train/kl", 15, 3.0),
    ]


def test_what_was_told_live_is_not_told_again():
    scalars = Scalars()
    assert scalars.of_event(scored(10, fid=3.0)) == [Scalar("over training/fid", 3.0, 10)]
    names = [(one.name, one.step) for one in scalars.of_record(done())]
    assert ("over training/fid", 10) not in names
    assert ("over training/recall", 10) in names  # of an earlier attempt, maybe


def test_losses_stand_under_their_phase():
    event = Event(cell_id="a", phase="train", step=7, values={"loss": 0.5})
    assert Scalars().of_event(event) == [Scalar("train/loss", 0.5, 7)]


def test_a_table_has_a_row_a_cell_and_gaps_where_nothing_was_measured():
    heads, rows = final_table([done(), record("ae", None, status="failed")])
    assert heads[4:] == ["status", "fid", "recall", "train_seconds", "train_steps"]
    assert [row[1] for row in rows] == ["vae", "ae"]
    assert rows[1][4:] == ["failed", None, None, 10.0, None]


def test_options_are_flat():
    found = options_of_cell(done())
    assert (found["model"], found["option.lr"]) == ("vae", 0.1)
