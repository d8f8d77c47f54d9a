"""The brute force that says which of two numbers is wrong."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from evaluations import row_evaluation
from genharness import NoOptions
from genharness.kit import Extracted, Extractor, ExtractorContext
from genharness.measure.build import build_metrics
from genharness.measure.evaluation import SampleData, SampleEvaluation
from genharness.measure.scoring import score
from genharness.plugin.registry import load_registry
from genharness.spec.protocol import Protocol
from genharness.study.settings import choose
from genharness.verify.brute import BRUTE, brute_scores
from genharness.verify.compare import PeerScore, compare
from genharness.verify.peers import PEERS

REGISTRY = load_registry()
RANDOM = np.random.default_rng(0)


def compared(metric, evaluation, library=None, **changes):
    """Return our scores beside those of the peers, by column."""
    options = choose(REGISTRY.metrics[metric], {metric: changes}).options
    ours = {
        k: v for one in score(build_metrics(REGISTRY, {metric: options}), evaluation) for k, v in one.values.items()
    }
    peers = [peer for peer in PEERS if library in (None, peer.library)]
    found = compare(ours, {metric: options}, evaluation, peers=peers)
    return {one.key: one for one in found}


def gaussian_rows(n=120, d=5, shift=0.5):
    train, test, fake = (RANDOM.normal(size=(n, d)).astype(np.float32) for _ in range(3))
    return row_evaluation(real=train, train=train, test=test, fake=fake + np.float32(shift))


@pytest.mark.parametrize("metric", ["clipped", "memorisation", "mind", "bins", "tabular"])
def test_where_no_library_is_there_the_brute_force_agrees_under_its_own_name(metric):
    found = compared(metric, gaussian_rows(), BRUTE)
    assert {one.verdict for one in found.values()} == {"agrees"}, found
    assert {one.library for one in found.values()} == {"float64 brute force"}


@pytest.mark.parametrize(
    ("metric", "changes"), [("fid", {}), ("vendi", {}), ("prdc", {}), ("prdc", {"convention": "kynkaanniemi"})]
)
def test_the_brute_force_gives_our_scores_on_sound_rows(metric, changes):
    evaluation = gaussian_rows()
    options = choose(REGISTRY.metrics[metric], {metric: changes}).options
    (found,) = score(build_metrics(REGISTRY, {metric: options}), evaluation)
    for key, value in brute_scores(metric, evaluation, options).items():
        assert found.values[key] == pytest.approx(value, rel=1e-6), key


def test_a_zero_row_defeats_vendi_score_and_not_us():
    pytest.importorskip("vendi_score")
    fake = RANDOM.normal(size=(60, 4)).astype(np.float32)
    fake[7] = 0
    one = compared("vendi", row_evaluation(real=fake, fake=fake), "vendi-score")["vendi"]
    assert one.verdict == "the library fails here"
    assert "vendi-score divides rows by their length, and 1 of them are zero" in one.why
    assert f"{BRUTE} gives" in one.why


class _Logits(Extractor):
    identity = "logits"

    def extract(self, samples):
        return Extracted(np.asarray(samples, np.float32), np.asarray(samples, np.float32))


def test_a_probability_that_underflows_defeats_torch_fidelity_and_not_us():
    pytest.importorskip("torch_fidelity")
    logits = RANDOM.normal(size=(50, 6)).astype(np.float32)
    logits[:, 1] = -900  # a class that nothing is ever taken for
    evaluation = SampleEvaluation(
        {which: SampleData(logits, None, {"set": which}) for which in ("real", "fake")},
        Protocol(extractor="logits", sample_count=50),
        lambda name: _Logits(ExtractorContext(device=torch.device("cpu")), NoOptions()),
    )
    one = compared("is", evaluation, "torch-fidelity", splits=1)["classifier_score"]
    assert one.verdict == "the library fails here"
    assert "takes the logarithm of 0 for 1 classes" in one.why


def test_one_sample_more_is_within_the_slack_whatever_its_share_rounds_to():
    from genharness.verify.features import _one_of

    for n in (3, 7, 300, 539, 1001):
        rows = np.zeros((n, 1))
        shares = np.arange(n + 1) / n
        slack = _one_of(rows, rows)
        assert all(
            PeerScore("precision", "prdc", a, b, slack).verdict == "agrees" for a, b in itertools.pairwise(shares)
        )
        assert all(
            PeerScore("precision", "prdc", a, b, slack).verdict == "differs"
            for a, b in zip(shares, shares[2:], strict=False)
        )


def test_exact_ties_on_scaled_integers_are_not_put_down_to_us():
    pytest.importorskip("prdc")
    levels = RANDOM.integers(0, 3, (2, 150, 6))
    real, fake = (levels.astype(np.float32) / np.float32(255)).astype(np.float32)
    found = compared("prdc", row_evaluation(real=real, fake=fake), "prdc")
    assert {one.verdict for one in found.values()} <= {"agrees", "the library fails here"}, found


def test_a_score_of_ours_that_is_wrong_differs_and_is_told_the_truth():
    evaluation = gaussian_rows()
    options = choose(REGISTRY.metrics["vendi"], {}).options
    pytest.importorskip("vendi_score")
    peers = [peer for peer in PEERS if peer.library == "vendi-score"]
    (one,) = compare({"vendi": 1.5}, {"vendi": options}, evaluation, peers=peers)
    assert one.verdict == "differs"
    assert one.why.startswith(f"{BRUTE} gives")


def test_where_a_brute_force_is_too_dear_it_is_said(monkeypatch):
    pytest.importorskip("vendi_score")
    monkeypatch.setattr("genharness.verify.brute.MOST_ROWS", 10)
    evaluation = gaussian_rows()
    options = choose(REGISTRY.metrics["vendi"], {}).options
    peers = [peer for peer in PEERS if peer.library == "vendi-score"]
    (one,) = compare({"vendi": 1.5}, {"vendi": options}, evaluation, peers=peers)
    assert (one.verdict, one.why) == ("differs", "no brute force is affordable here")
    assert dataclasses.replace(one, theirs=1.5).verdict == "agrees"
