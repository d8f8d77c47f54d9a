"""Doing a cell again, and whether it came out the same."""

import dataclasses

import pytest

from acme_plugin import ACME, Acme
from board_records import record
from genharness.errors import ConfigError
from genharness.identity.parts import training_code
from genharness.plugin.registry import load_registry
from genharness.spec.history import History
from genharness.study import rerun
from genharness.study.rerun import repetition

HERE = {"cpu": "A", "threads": 1, "device": "cpu", "packages": {"torch": "2.6"}, "deterministic": False}


def made(fid=2.0, losses=(1.0, 0.5), environment=HERE, **changes):
    done = record("vae", fid, scores={"kid": None}, **changes)
    done.environment = dict(environment)
    done.history = History(losses={"step": [10, 20], "loss": list(losses)})
    return done


def agreement(before, after):
    return rerun.agreement(before, after, load_registry())


def test_equal_records_agree_and_how_much_was_compared_is_told():
    found = agreement(made(), made())
    assert (found.agrees, found.inexact, found.compared) == (True, [], 4)


def test_on_the_same_machine_the_last_bit_counts():
    found = agreement(made(fid=2.0), made(fid=2.0000000000000004))
    assert found.disagreements == ["fid 2.0 became 2.0000000000000004"]


def test_a_loss_is_named_with_the_step_from_which_it_differs():
    found = agreement(made(losses=(1.0, 0.5)), made(losses=(1.0, 0.4)))
    assert found.disagreements == ["losses: loss differs from step 20 on (0.5 became 0.4)"]


def test_a_shorter_curve_is_told():
    assert agreement(made(), made(losses=(1.0,))).disagreements == ["losses: loss has 1 points, and had 2"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cpu": "B"}, "cpu A then, B now"),
        ({"threads": 2}, "threads 1 then, 2 now"),
        ({"packages": {"torch": "2.7"}}, "torch 2.6 then, 2.7 now"),
    ],
)
def test_on_another_machine_scores_may_differ_a_little_and_losses_are_not_compared(change, reason):
    other = made(fid=2.1, losses=(9.0, 9.0), environment={**HERE, **change})
    found = agreement(made(), other)
    assert (found.inexact, found.agrees) == ([reason], True)
    assert not agreement(made(), dataclasses.replace(other, scores={"fid": 3.0, "kid": None})).agrees


def test_training_by_the_clock_is_never_exact():
    assert "trained by the clock" in agreement(made(length="9s"), made(length="9s")).inexact[0]


def test_a_score_that_is_missing_or_no_longer_undefined_is_a_disagreement():
    other = made()
    other.scores = {"kid": 1.0}
    assert agreement(made(), other).disagreements == ["fid was not computed again", "kid None became 1.0"]


def test_another_protocol_is_named():
    other = made(extractor="inception")
    assert agreement(made(), other).disagreements[0].startswith("it was not measured alike: extractor classifier")


def test_the_repetition_scores_over_training_as_the_cell_did(tmp_path):
    done = made()
    done.history.scores = {"step": [7, 14], "samples": [500, 500], "fid": [3.0, 2.0]}
    task = repetition(done, load_registry(), tmp_path, device="cpu")
    assert (task.cell, task.settings.score_every, task.settings.score_samples) == (done.cell, "7steps", 500)
    assert set(task.metrics) == {"fid", "kid"}


@pytest.mark.parametrize(
    ("change", "message"),
    [({"source": "external"}, "samples made elsewhere"), ({"status": "diverged"}, r"has not finished \(diverged\)")],
)
def test_what_cannot_be_repeated_is_refused(tmp_path, change, message):
    with pytest.raises(ConfigError, match=message):
        repetition(dataclasses.replace(made(), **change), load_registry(), tmp_path, device="cpu")


def test_other_code_is_named_and_need_not_agree_to_the_last_bit():
    one, other = made(2.0), made(2.1)
    for done, digest in ((one, "0"), (other, "1")):
        done.cell = dataclasses.replace(done.cell, code={"model": digest, "training": "0"})
        done.code = {"fid": {"metric fid": digest, "sampling": "0"}}
    found = agreement(one, other)
    assert found.agrees
    assert found.inexact == ["code of vae changed since", "code of metric fid changed since"]


def test_a_cell_is_repeated_by_the_code_that_is_installed(tmp_path):
    registry = load_registry()
    done = made(2.0)
    done.cell = dataclasses.replace(done.cell, code={"model": "0", "training": "0"})
    assert repetition(done, registry, tmp_path, device="cpu").cell.code == training_code(registry, "vae")


def test_a_cell_whose_file_holds_something_else_is_not_repeated(tmp_path, make_plugin):
    Acme(make_plugin("acme", ACME))
    weights = tmp_path / "a.pt"
    weights.write_text("now")
    options = {"level": 0.0, "weights": str(weights)}
    done = made(2.0)
    done.cell = dataclasses.replace(
        done.cell, model="filled", length="0steps", options=options, inputs={"weights": "then"}
    )
    with pytest.raises(ConfigError, match=r"a.pt holds other content than when filled-.* was run"):
        repetition(done, load_registry(), tmp_path, device="cpu")
