"""`genharness selfcheck`."""

import json

import pytest
from click.testing import CliRunner

from genharness.cli.main import cli
from genharness.errors import GenharnessError

FAST = ("--datasets", "breast-cancer", "--features", "identity", "--draws", "5", "--count", "60")


def run(*arguments, code=0):
    done = CliRunner().invoke(cli, ["selfcheck", *arguments], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout


def test_the_table_has_a_row_for_each_fault_and_says_what_the_signs_mean():
    text = run(*FAST, "--metrics", "fid,tabular")
    assert "breast-cancer: 60 samples, features identity, 5 draws of real samples" in text
    assert "columns apart" in text
    assert "x seen: the score lies outside the band of real samples" in text


def test_json_is_for_programs():
    (found,) = json.loads(run(*FAST, "--metrics", "fid,kld", "--format", "json"))
    assert list(found["metrics"]) == ["fid"]
    assert found["faults"][0]["columns"]["fid"]["sight"] == "seen"
    assert found["absent"]["kld"] == "measures a model, and no fault is planted into one"


SHARP = """
from genharness import Column, MetricSpec, hookimpl


class Sharp:
    def __init__(self, config):
        pass

    def compute(self, evaluation):
        return {"sharp": float(evaluation.samples("fake").std())}


@hookimpl
def genharness_metrics():
    columns = (Column(key="sharp", title="Sharp", higher_is_better=True),)
    return [
        MetricSpec(
            name="sharp", summary="Deviation", factory="sharp_plugin:Sharp", columns=columns, modalities=("tabular",)
        )
    ]
"""


def test_a_strangers_metric_takes_part(make_plugin):
    make_plugin("sharp-plugin", SHARP)
    (found,) = json.loads(run(*FAST, "--metrics", "sharp", "--format", "json"))
    by_name = {one["name"]: one["columns"]["sharp"]["sight"] for one in found["faults"]}
    assert by_name["constant"] == "seen"
    assert by_name["spread"] == "better than real"


def test_every_mistake_is_told_at_once():
    with pytest.raises(GenharnessError) as raised:
        run("--metrics", "fidd", "--features", "pixel")
    assert any("fidd" in line for line in raised.value.lines)
    assert any("pixel" in line for line in raised.value.lines)
