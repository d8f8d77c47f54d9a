"""What a check found, for programs."""

import json

import numpy as np

from evaluations import row_evaluation
from genharness.measure.build import build_metrics
from genharness.plugin.registry import load_registry
from genharness.selfcheck.check import check
from genharness.selfcheck.plain import checked_plain


def test_a_check_is_plain_json_with_every_score_and_its_band():
    rows = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    whole = row_evaluation(train=rows[:120], test=rows[120:], fake=rows[120:])
    metrics = build_metrics(load_registry(), {"fid": {}})
    found = checked_plain(check(whole, metrics, dataset="rows", modality="tabular", count=40, draws=5))
    assert json.loads(json.dumps(found)) == found
    assert found["metrics"] == {"fid": ["fid"]}
    assert found["default_columns"] == ["fid"]
    noise = found["faults"][0]
    assert (noise["name"], noise["seen_by"], noise["seen_by_default"]) == ("noise", ["fid"], ["fid"])
    band = noise["columns"]["fid"]
    assert band["sight"] == "seen"
    assert band["value"] > band["high"] > band["low"]
    assert found["real"]["seen_by"] == []
    assert "wrong labels" in found["absent"]
