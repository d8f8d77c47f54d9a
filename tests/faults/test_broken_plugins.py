"""One plugin's fault is its own: what it costs, where it is told, and that it is tried again."""

import json
from pathlib import Path

import pytest

BROKEN = """
from genharness import Column, ExtractorSpec, MetricSpec, ReporterSpec, TrackerSpec, hookimpl

KINDS = {kinds!r}

@hookimpl
def genharness_metrics():
    return [
        MetricSpec(
            name=kind, summary="Breaks", factory=f"broken_heavy:{{kind.replace('-', '_')}}",
            columns=(Column(key=kind.replace("-", "_") + "_score", title=kind),), default=False, place=900,
        )
        for kind in KINDS
    ]

@hookimpl
def genharness_trackers():
    return [TrackerSpec(name="breaks-" + when, summary="Breaks", factory="broken_heavy:tracker_" + when)
            for when in ("start", "event", "record", "finish")]

@hookimpl
def genharness_reporters():
    return [ReporterSpec(name="breaks", summary="Breaks", factory="broken_heavy:render"),
            ReporterSpec(name="no-text", summary="Gives a list", factory="broken_heavy:render_list")]

@hookimpl
def genharness_extractors():
    return [ExtractorSpec(name=name, summary="Has no name", factory="broken_heavy:" + name.replace("-", "_"))
            for name in ("no-identity", "number-identity")]
"""
HEAVY = """
import numpy as np
from genharness.kit import Extracted, Extractor

class _Metric:
    def __init__(self, config):
        pass

class raises_attribute(_Metric):
    def compute(self, evaluation):
        return evaluation.nonsense

class raises_import(_Metric):
    def compute(self, evaluation):
        import a_library_that_is_not_there

class raises_os(_Metric):
    def compute(self, evaluation):
        open("/nowhere/at/all")

class raises_assertion(_Metric):
    def compute(self, evaluation):
        assert False

class raises_value(_Metric):
    def compute(self, evaluation):
        raise ValueError("of a defect")

class raises_exit(_Metric):
    def compute(self, evaluation):
        raise SystemExit(3)

class raises_base(_Metric):
    def compute(self, evaluation):
        class Odd(BaseException):
            pass
        raise Odd

class wrong_keys(_Metric):
    def compute(self, evaluation):
        return {"another": 1.0}

class wrong_type(_Metric):
    def compute(self, evaluation):
        return [1.0]

class wrong_value(_Metric):
    def compute(self, evaluation):
        return {"wrong_value_score": "seven"}

class gives_nothing(_Metric):
    def compute(self, evaluation):
        return {}

class works(_Metric):
    def compute(self, evaluation):
        return {"works_score": float(evaluation.fake_images().mean())}

def _tracker(when):
    class Tracker:
        def __init__(self, config): pass
        def start(self, tasks): self._break("start")
        def event(self, event): self._break("event")
        def record(self, record): self._break("record")
        def finish(self): self._break("finish")
        def _break(self, now):
            if now == when:
                raise SystemExit("tracker is out")
    return Tracker

tracker_start, tracker_event, tracker_record, tracker_finish = map(_tracker, ("start", "event", "record", "finish"))

def render(board, options):
    return board.nonsense

def render_list(board, options):
    return ["a", "table"]

class _Extractor(Extractor):
    def extract(self, samples):
        return Extracted(np.asarray(samples, np.float32).reshape(len(samples), -1))

class no_identity(_Extractor):
    identity = ""

class number_identity(_Extractor):
    identity = 7
"""
KINDS = {
    "raises-attribute": "AttributeError: 'SampleEvaluation' object has no attribute 'nonsense' (broken_heavy.py:",
    "raises-import": "ModuleNotFoundError: No module named 'a_library_that_is_not_there' (broken_heavy.py:",
    "raises-os": "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/at/all' (broken_heavy.py:",
    "raises-assertion": "AssertionError (broken_heavy.py:",
    "raises-value": "ValueError: of a defect (broken_heavy.py:",
    "raises-exit": "SystemExit: 3 (broken_heavy.py:",
    "raises-base": "Odd (broken_heavy.py:",
    "wrong-keys": "metric wrong-keys returned 'another', which is none of its columns",
    "wrong-type": "metric wrong-type returned list: it must return a mapping of numbers",
    "wrong-value": "metric wrong-value returned 'seven' for wrong_value_score: it must be a number",
    "gives-nothing": "metric gives-nothing returned nothing",
}
RUN = [
    "run",
    "--no-baselines",
    "--models",
    "noise",
    "--datasets",
    "digits#300",
    "--features",
    "pixels",
    "--samples",
    "50",
]


@pytest.fixture
def broken(make_plugin, monkeypatch, tmp_path_factory):
    make_plugin("broken", BROKEN.format(kinds=[*KINDS, "works"]), heavy=HEAVY)


def record_of(folder: Path):
    (path,) = folder.glob("results/records/noise-*.json")
    return json.loads(path.read_text())


def test_metrics_that_break_cost_nothing_else_and_are_told_everywhere_and_tried_again(broken, genharness, tmp_path):
    metrics = ["--metrics", ",".join(["fid", *KINDS, "works"])]
    done = genharness(*RUN, *metrics)
    record = record_of(tmp_path)
    assert done.returncode == 2
    assert record["status"] == "ok"
    assert {"fid", "works_score"} <= record["scores"].keys()
    assert record["failed"].keys() == KINDS.keys()
    traceback = (tmp_path / "results" / "cells" / record["cell_id"] / record["artefacts"]["traceback"]).read_text()
    board = genharness("leaderboard").stdout.replace("\n", " ")
    for name, reason in KINDS.items():
        assert reason in record["failed"][name]
        assert f"metric {name} failed: {record['failed'][name]}" in done.stderr
        assert f"metric {name} failed for noise" in " ".join(board.split())
        assert name in traceback
    assert "Traceback (most recent call last)" in traceback
    assert "Traceback" not in done.stderr
    plan = genharness(*RUN, *metrics, "--plan")
    assert "score" in plan.stdout
    again = genharness(*RUN, *metrics, "--debug")
    assert again.returncode == 2
    assert "Traceback (most recent call last)" in again.stderr


def test_evaluate_tells_of_metrics_that_break(broken, genharness, tmp_path):
    import numpy as np

    np.save(tmp_path / "fake.npy", np.random.default_rng(0).integers(0, 256, (60, 1, 8, 8), np.uint8))
    given = ["evaluate", "fake.npy", "--dataset", "digits#300", "--features", "pixels"]
    done = genharness(*given, "--metrics", "fid,raises-os,works", "--register")
    assert done.returncode == 2
    assert "fake: metric raises-os failed: FileNotFoundError" in done.stderr
    assert "Traceback" not in done.stderr
    (path,) = (tmp_path / "results" / "records").glob("*.json")
    record = json.loads(path.read_text())
    assert record["failed"].keys() == {"raises-os"}
    assert {"fid", "works_score"} <= record["scores"].keys()


@pytest.mark.parametrize("when", ["start", "event", "record", "finish"])
def test_a_tracker_that_raises_is_switched_off_with_one_line(broken, genharness, tmp_path, when):
    done = genharness(*RUN, "--metrics", "fid", "--tracker", f"breaks-{when}")
    assert done.returncode == 0
    assert done.stderr.count(f"tracker breaks-{when} is switched off: SystemExit: tracker is out") == 1
    assert "Traceback" not in done.stderr
    assert record_of(tmp_path)["status"] == "ok"


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (
            "breaks",
            "reporter breaks failed: AttributeError: 'Board' object has no attribute 'nonsense' (broken_heavy.py:",
        ),
        ("no-text", "reporter no-text gave list: it must give text"),
    ],
)
def test_a_reporter_that_breaks_is_one_line(broken, genharness, form, message):
    genharness(*RUN, "--metrics", "fid")
    done = genharness("leaderboard", "--format", form)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback (most recent call last)" in genharness("leaderboard", "--format", form, "--debug").stderr


@pytest.mark.parametrize(("name", "shown"), [("no-identity", "''"), ("number-identity", "7")])
def test_an_extractor_without_an_identity_is_refused_before_training(broken, genharness, tmp_path, name, shown):
    run = [
        "run",
        "--no-baselines",
        "--models",
        "gan",
        "--budget",
        "5steps",
        "--datasets",
        "digits#300",
        "--features",
        name,
    ]
    done = genharness(*run, "--metrics", "fid", "--samples", "50")
    (path,) = (tmp_path / "results" / "records").glob("gan-*.json")
    record = json.loads(path.read_text())
    assert done.returncode == 2
    assert record["status"] == "failed"
    assert f"extractor {name} has the identity {shown}: it must be text, a hash of its weights" in record["reason"]
    assert "train_steps" not in record["measurements"]
    assert not list((tmp_path / "results").glob("*/*/checkpoint.pt"))
