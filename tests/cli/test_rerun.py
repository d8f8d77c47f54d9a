"""`genharness rerun`: whether a cell comes out the same again."""

import copy
import dataclasses
import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from genharness.cli import rerun
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.spec.history import History
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record
from genharness.study.rerun import agreement, repetition

ENVIRONMENT = {"cpu": "one", "threads": 2, "device": "cpu", "packages": {"torch": "2.8"}, "deterministic": False}


@pytest.fixture
def record():
    protocol = Protocol(extractor="classifier", sample_count=10, metric_options={"prdc": {"k": 3}})
    cell = Cell(model="vae", dataset="digits", seed=0, budget="smoke", length="8steps", protocol=protocol)
    return Record(
        cell=cell,
        status="ok",
        scores={"fid": 100.0, "coverage": 0.5, "recall": None},
        skipped={"likelihood": "it has none"},
        protocol=protocol.as_plain(),
        protocol_hash=protocol.hash,
        history=History(
            losses={"step": [2, 4], "loss": [1.0, 0.5]},
            scores={"step": [4, 8], "fid": [120.0, 100.0], "samples": [7, 7]},
        ),
        environment=ENVIRONMENT,
    )


@pytest.fixture
def again(record):
    return copy.deepcopy(record)


def test_the_same_numbers_agree_exactly_and_are_counted(record, again):
    found = agreement(record, again, load_registry())
    assert found.agrees
    assert (found.inexact, found.compared) == ([], 3 + 2 + 4)


def test_on_the_same_machine_the_last_bit_of_a_score_counts(record, again):
    again.scores["fid"] = 100.00000000000001
    assert agreement(record, again, load_registry()).disagreements == ["fid 100.0 became 100.00000000000001"]


def test_a_loss_that_differs_is_named_with_its_step(record, again):
    again.history.losses["loss"][1] = 0.6
    assert agreement(record, again, load_registry()).disagreements == [
        "losses: loss differs from step 4 on (0.5 became 0.6)"
    ]


def test_missing_points_and_missing_scores_disagree(record, again):
    again.history.losses = {"step": [2], "loss": [1.0]}
    del again.scores["coverage"]
    again.scores["recall"] = 0.1
    assert agreement(record, again, load_registry()).disagreements == [
        "coverage was not computed again",
        "recall None became 0.1",
        "losses: step has 1 points, and had 2",
        "losses: loss has 1 points, and had 2",
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"threads": 4}, "threads 2 then, 4 now"),
        ({"cpu": "other"}, "cpu one then, other now"),
        ({"packages": {"torch": "2.9"}}, "torch 2.8 then, 2.9 now"),
    ],
)
def test_on_another_machine_scores_are_held_to_the_tolerance_and_the_reason_is_named(record, again, change, reason):
    again.environment = {**ENVIRONMENT, **change}
    again.scores["fid"] = 108.0
    again.history.losses["loss"][0] = 1.1
    near = agreement(record, again, load_registry())
    assert (near.agrees, near.inexact) == (True, [reason])
    again.scores["fid"] = 120.0
    assert agreement(record, again, load_registry()).disagreements == ["fid 100.0 became 120.0"]


def test_training_by_the_clock_is_never_exact(record, again):
    record.cell = Cell.from_plain({**record.cell.as_plain(), "length": "9s"})
    assert agreement(record, again, load_registry()).inexact == [
        "trained by the clock, so not for the same number of steps"
    ]


def test_other_data_or_weights_disagree_whatever_the_scores(record, again):
    other = Protocol.from_plain({**record.protocol, "dataset_hash": "abc"})
    again.protocol, again.protocol_hash = other.as_plain(), other.hash
    assert agreement(record, again, load_registry()).disagreements == [
        "it was not measured alike: dataset hash none against abc"
    ]


def trained_otherwise(record, extractor):
    """Make a record one of an extractor with other weights."""
    other = Protocol.from_plain({**record.protocol, "extractor": extractor, "extractor_identity": "others"})
    record.protocol, record.protocol_hash = other.as_plain(), other.hash


def test_a_classifier_that_was_trained_to_other_bits_holds_scores_to_the_tolerance(record, again):
    trained_otherwise(again, "classifier")
    again.scores["fid"] = 101.0
    found = agreement(record, again, load_registry())
    assert found.agrees
    assert found.inexact == ["it was not measured alike: extractor identity none against others"]
    again.scores["fid"] = 120.0
    assert agreement(record, again, load_registry()).disagreements == ["fid 100.0 became 120.0"]


def test_on_the_very_same_processor_a_classifier_must_be_trained_to_the_same_bits(record, again):
    record.environment = again.environment = {**ENVIRONMENT, "cpu_kind": "AVX2"}
    trained_otherwise(again, "classifier")
    assert agreement(record, again, load_registry()).disagreements == [
        "it was not measured alike: extractor identity none against others"
    ]


def test_weights_that_nobody_trained_here_must_be_the_same(record, again):
    trained_otherwise(record, "inception")
    trained_otherwise(again, "inception")
    again.protocol["extractor_identity"], again.protocol_hash = "yet others", "00000000"
    assert agreement(record, again, load_registry()).disagreements == [
        "it was not measured alike: extractor identity others against yet others"
    ]


def test_elsewhere_a_score_near_zero_is_held_to_its_errors(record, again):
    again.environment = {**ENVIRONMENT, "cpu": "other"}
    record.scores["kid"], record.errors["kid"] = 0.1, 0.3
    again.scores["kid"], again.errors["kid"] = -0.9, 0.4
    assert agreement(record, again, load_registry()).agrees
    again.scores["kid"] = -1.5
    assert agreement(record, again, load_registry()).disagreements == ["kid 0.1 became -1.5"]


def test_elsewhere_deviations_are_not_held_and_counts_to_one_step(record, again):
    again.environment = {**ENVIRONMENT, "cpu": "other"}
    record.scores |= {"kid_std": 1.0, "modes_covered": 7.0}
    again.scores |= {"kid_std": 2.0, "modes_covered": 6.0}
    found = agreement(record, again, load_registry())
    assert (found.agrees, found.compared) == (True, 4)
    again.scores["modes_covered"] = 5.0
    assert agreement(record, again, load_registry()).disagreements == ["modes_covered 7.0 became 5.0"]


def test_one_processor_of_another_kind_is_another_where_both_records_say(record, again):
    again.environment = {**ENVIRONMENT, "cpu_kind": "AVX2"}
    assert agreement(record, again, load_registry()).inexact == []
    record.environment = {**ENVIRONMENT, "cpu_kind": "AVX512"}
    assert agreement(record, again, load_registry()).inexact == ["cpu kind AVX512 then, AVX2 now"]


def test_the_repetition_has_the_recorded_metrics_options_threads_and_scoring(record, tmp_path):
    task = repetition(record, load_registry(), tmp_path, device="cpu")
    assert set(task.metrics) == {"fid", "prdc"}
    assert task.metrics["prdc"]["k"] == 3
    assert (task.settings.threads, task.settings.score_every, task.settings.score_samples) == (2, "4steps", 7)
    assert task.cell == record.cell


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "diverged"}, r"has not finished \(diverged\): there is nothing to repeat"),
        ({"source": "external"}, "samples made elsewhere: score them again with `genharness evaluate`"),
    ],
)
def test_what_cannot_be_repeated_is_refused(record, tmp_path, change, message):
    for name, value in change.items():
        setattr(record, name, value)
    with pytest.raises(ConfigError, match=message):
        repetition(record, load_registry(), tmp_path, device="cpu")


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        ({"precision": "fp8"}, ["precision=fp8 is not one of: auto | fp32 | tf32 | bf16"]),
        ({"seed": 2**64}, ["seeds=[18446744073709551616] is out of range: it must be >= 0, <= 2^64 - 1"]),
        ({"seed": "many"}, ["seeds=['many'] must be a count such as 3, or different whole numbers such as 0,7,11"]),
        ({"batch_size": 0, "ema": 2.0}, ["batch_size=0 is out of range", "ema=2.0 is out of range"]),
        ({"length": "9" * 400 + "steps"}, ["budget=9"]),
        ({"device": "tpu"}, ["device=tpu is none of auto, cpu, cuda, cuda:0"]),
    ],
)
def test_what_nobody_could_have_asked_for_is_not_repeated(record, tmp_path, changes, messages):
    record.cell = dataclasses.replace(record.cell, **changes)
    with pytest.raises(ConfigError) as caught:
        repetition(record, load_registry(), tmp_path, device="cpu")
    assert len(caught.value.lines) == len(messages)
    for line, message in zip(caught.value.lines, messages, strict=True):
        assert line.startswith(f"record {record.cell.id}.{message}")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sample_count": 1}, "samples=1 is out of range"),
        ({"reference_count": -3}, "reference=-3 is out of range"),
        ({"seed": -1}, "protocol_seed=-1 is out of range"),
        ({"extractor": "clasifier"}, "unknown extractor 'clasifier'; did you mean 'classifier'?"),
        ({"extractor_options": {"steps": 0}}, "classifier.steps=0 is out of range"),
    ],
)
def test_a_protocol_that_nobody_could_have_asked_for_is_not_repeated(record, tmp_path, changes, message):
    record.cell = dataclasses.replace(record.cell, protocol=dataclasses.replace(record.cell.protocol, **changes))
    with pytest.raises(ConfigError) as caught:
        repetition(record, load_registry(), tmp_path, device="cpu")
    assert message in str(caught.value)


def test_a_record_of_odd_threads_is_not_repeated(record, tmp_path):
    record.environment = {**ENVIRONMENT, "threads": "all"}
    with pytest.raises(ConfigError, match="threads=all is not a whole number"):
        repetition(record, load_registry(), tmp_path, device="cpu")


def test_a_repetition_whose_record_could_not_be_written_says_why(record, tmp_path, monkeypatch):
    ended = copy.deepcopy(record)
    ended.end("failed", "disk full at sample: free space in it and run again", 1.0)
    executor = SimpleNamespace(run=lambda *_, **__: iter([ended]))
    Store(tmp_path / "results", writing=True).open_for_writing()
    Store(tmp_path / "results", writing=True).save(record)
    monkeypatch.setattr(rerun, "recorded_data", lambda *_, **__: None)
    monkeypatch.setattr(rerun, "make_executor", lambda *_: executor)
    done = CliRunner().invoke(rerun.rerun, ["vae", "--results", str(tmp_path / "results")])
    assert done.exit_code == 1
    assert "does not agree: the repetition did not finish (failed: disk full at sample: " in done.output


@pytest.mark.slow
def test_a_cell_comes_out_the_same_and_a_doctored_record_is_found_out(genharness, tmp_path):
    options = ["--metrics", "fid,prdc", "--samples", 60, "--set", "classifier.steps=10", "--score-every", "40steps"]
    options += ["--set", "vae.width=8"]
    ran = genharness(
        "run", "--no-baselines", "--models", "vae", "--datasets", "digits#300", "--budget", "80steps", *options
    )
    assert ran.returncode == 0, ran.stderr
    (path,) = (tmp_path / "results" / "records").glob("*.json")
    before = path.read_bytes()
    done = genharness("rerun", "vae-digits-300-s0")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "agrees exactly: " in done.stdout
    assert path.read_bytes() == before
    published = genharness("publish", "results", "--to", "given")
    assert published.returncode == 0, published.stderr
    (given,) = (tmp_path / "given" / "records").glob("*.json")
    assert len(json.loads(given.read_text())["history"]["losses"]["step"]) == 60
    assert "agrees exactly: " in genharness("rerun", "vae-digits-300-s0", "--results", "given").stdout
    plain = json.loads(before)
    plain["scores"]["fid"] += 1e-9
    path.write_text(json.dumps(plain))
    doctored = genharness("rerun", "vae-digits-300-s0")
    assert doctored.returncode == 1
    assert "does not agree (exactly):" in doctored.stdout
    assert "fid" in doctored.stdout
