"""The checks of metrics."""

from dataclasses import dataclass

import pytest
import torch

from conformance import failures, importable
from genharness import MetricSpec, NoOptions
from genharness.spec.columns import Column
from genharness.testing import metric_checks


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    importable(monkeypatch, __name__, globals())


@dataclass
class Brightness:
    config: NoOptions

    def compute(self, evaluation):
        return {"brightness": float(evaluation.fake_images().mean())}


@pytest.mark.parametrize(("key", "broken"), [("brightness", False), ("contrast", True)])
def test_a_number_that_is_no_column_is_found(key, broken):
    columns = (Column(key=key, title="B"),)
    spec = MetricSpec(name="toy", summary="Toy", factory=f"{__name__}:Brightness", columns=columns)
    expected = {"toy: scores image data": "compute gives ['brightness'], and its columns are ['contrast']"}
    assert failures(metric_checks(spec)) == (expected if broken else {})


@pytest.mark.parametrize(
    ("share", "higher", "message"),
    [
        (0.5, True, ""),
        (1.5, True, "brightness: collapse_below=1.5 is no share between 0 and 1"),
        (0.0, True, "brightness: collapse_below=0 is no share between 0 and 1"),
        (0.5, False, "brightness: collapse_below wants a score that is not better when lower"),
    ],
)
def test_a_share_that_cannot_tell_collapse_is_found(share, higher, message):
    columns = (Column(key="brightness", title="B", higher_is_better=higher, collapse_below=share),)
    spec = MetricSpec(name="toy", summary="Toy", factory=f"{__name__}:Brightness", columns=columns)
    found = failures(metric_checks(spec))
    assert found.get("toy: says when a score tells collapse", "") == message


@dataclass
class Contrast:
    config: NoOptions

    def compute(self, evaluation):
        return {"toy": float(evaluation.fake_images().std())}


class OneForAll(Contrast):
    def compute(self, evaluation):
        return {"toy": 1.0}


class BreaksOnCopies(Contrast):
    def compute(self, evaluation):
        known = {row.tobytes() for row in evaluation.samples("train")}
        return {"toy": 1 / sum(row.tobytes() not in known for row in evaluation.samples("fake"))}


@pytest.mark.parametrize(
    ("cls", "higher", "message"),
    [
        (Contrast, None, ""),
        (Contrast, False, ""),
        (Contrast, True, "['toy'] has a better end, and noise is better there than real samples"),
        (OneForAll, None, "its scores of noise, constant, one sample, one mode, copies, wrong labels are all as those"),
        (BreaksOnCopies, None, "it breaks on samples that are copies: ZeroDivisionError"),
    ],
)
def test_a_metric_that_tells_no_fault_or_takes_one_for_good_is_found(cls, higher, message):
    columns = (Column(key="toy", title="T", higher_is_better=higher),)
    spec = MetricSpec(name="toy", summary="Toy", factory=f"{__name__}:{cls.__name__}", columns=columns)
    found = failures(metric_checks(spec)).get("toy: sees faults in image data", "")
    assert message in found
    assert bool(message) == bool(found)


class Normalises(Contrast):
    def compute(self, evaluation):
        rows = torch.from_numpy(evaluation.features("real"))
        return {"toy": float(rows.div_(2).mean())}


class Divides(Contrast):
    def compute(self, evaluation):
        rows = evaluation.features("real")
        rows /= 2
        return {"toy": float(rows.mean())}


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (Normalises, "compute changes the features of real in place: the arrays of an evaluation are shared"),
        (Divides, "compute changes an array in place (test_metrics.py:"),
    ],
)
def test_a_metric_that_changes_what_others_share_is_found(cls, message):
    spec = MetricSpec(
        name="toy", summary="Toy", factory=f"{__name__}:{cls.__name__}", columns=(Column(key="toy", title="T"),)
    )
    found = failures([one for one in metric_checks(spec) if "scores image" in one.name])
    assert found["toy: scores image data"].startswith(message)
