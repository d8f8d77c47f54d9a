"""Metrics of features, recomputed by libraries."""

from types import SimpleNamespace

import numpy as np
import pytest

from genharness import NoOptions
from genharness.functional.frechet import frechet_distance
from genharness.functional.kid import unbiased_mmd2
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


def _asked(count=60, subset=1000):
    sets = {"real": RANDOM.normal(size=(count, 4)), "fake": RANDOM.normal(size=(count, 4)) + 0.3}
    return SimpleNamespace(features=sets.__getitem__, seed=0), {"subset_size": subset, "subsets": 3}


@pytest.mark.parametrize("library", ["clean-fid", "torchmetrics"])
def test_fid_of_the_same_features_by_libraries_that_extract_their_own(library):
    pytest.importorskip(library.replace("clean-fid", "cleanfid"))
    asked, options = _asked()
    ours = frechet_distance(asked.features("real"), asked.features("fake"))
    (peer,) = (peer for peer in FEATURE_PEERS if (peer.metric, peer.library) == ("fid", library))
    assert peer.compute(asked, options)["fid"].value == pytest.approx(ours, rel=1e-9)


def test_kid_by_clean_fid_is_compared_only_where_both_take_all_samples():
    pytest.importorskip("cleanfid")
    (peer,) = (peer for peer in FEATURE_PEERS if (peer.metric, peer.library) == ("kid", "clean-fid"))
    asked, options = _asked()
    ours = unbiased_mmd2(asked.features("real"), asked.features("fake"))
    assert peer.compute(asked, options)["kid"].value == pytest.approx(ours, rel=1e-9)
    with pytest.raises(ValueError, match="subsets of its own"):
        peer.compute(*_asked(subset=50))
