"""Metrics of features, recomputed by libraries."""

from types import SimpleNamespace

import numpy as np
import pytest

from genharness import NoOptions
from genharness.verify.features import FEATURE_PEERS
from genharness_metric_frechet.fid import FdDinoV2

RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _libraries():
    for name in ("torch_fidelity", "pytorch_fid"):
        pytest.importorskip(name)


def test_the_distance_over_dinov2_has_the_same_peers_as_fid():
    sets = {"real": RANDOM.normal(size=(90, 5)), "fake": RANDOM.normal(size=(80, 5)) + 0.2}
    asked = SimpleNamespace(
        state_error=lambda column, error: None, extracted=lambda which, extractor: SimpleNamespace(features=sets[which])
    )
    ours = FdDinoV2(NoOptions()).compute(asked)["fd_dinov2"]
    peers = [peer for peer in FEATURE_PEERS if peer.metric == "fd-dinov2"]
    assert [peer.library for peer in peers] == ["torch-fidelity", "pytorch-fid"]
    for peer in peers:
        assert peer.compute(asked, {})["fd_dinov2"].value == pytest.approx(ours, rel=1e-6)
