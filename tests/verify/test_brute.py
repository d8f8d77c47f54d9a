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


LEAST_KEYS = {"clipped": 4, "copies": 3, "cover": 2, "memorisation": 4, "mifid": 2, "realism": 2, "vendi-2": 2}
ALONE = [
    *("bins", "clipped", "copies", "cover", "fid-inf", "fld", "memorisation", "mifid", "mind"),
    *("mmd", "p-precision", "realism", "tabular", "vendi-2"),
]


@pytest.mark.parametrize("metric", ALONE)
def test_where_no_library_is_there_the_brute_force_agrees_under_its_own_name(metric):
    found = compared(metric, gaussian_rows(), BRUTE)
    assert len(found) >= LEAST_KEYS.get(metric, 1)
    assert {one.verdict for one in found.values()} == {"agrees"}, found
    assert {one.library for one in found.values()} == {"float64 brute force"}


def with_classes(n=120, d=5, classes=3):
    """Return rows that are their own logits, with the classes that were asked for, one of them never made."""
    sets, of = {}, {}
    for which in ("real", "train", "test", "fake"):
        of[which] = RANDOM.integers(0, classes - (which == "fake"), n)
        if which == "test":  # as many of each class as any other set has, whatever the draw
            of[which] = np.arange(classes * n) % classes
        sets[which] = (2 * np.eye(d)[of[which]] + RANDOM.normal(size=(len(of[which]), d))).astype(np.float32)
    of["fake"][:classes] = np.arange(classes)
    of["fake"][classes : 3 * classes + 6] = classes - 1
    extractor = _Logits(ExtractorContext(device=torch.device("cpu")), NoOptions())
    return SampleEvaluation(
        {which: SampleData(rows, of[which], {"set": which}) for which, rows in sets.items()},
        Protocol(extractor="logits", sample_count=n),
        lambda name: extractor,
        classifier="logits",
        class_names=tuple("abcde"),
        errors_wanted=False,
    )


def test_the_fit_of_fld_to_exact_copies_is_that_of_the_brute_force():
    train, test, fake = RANDOM.normal(size=(3, 120, 6)).astype(np.float32)
    fake[:80] = train[:80]
    found = compared("fld", row_evaluation(real=train, train=train, test=test, fake=fake), BRUTE)
    assert found["fld_gap"].verdict == "agrees", found


@pytest.mark.parametrize(("metric", "keys"), [("modes", 3), ("class-accuracy", 1), ("fid-per-class", 3)])
def test_scores_of_classes_agree_with_those_counted_one_by_one(metric, keys):
    found = compared(metric, with_classes(), BRUTE)
    assert len(found) == keys
    assert {one.verdict for one in found.values()} == {"agrees"}, found


@pytest.mark.parametrize("options", [{}, {"subset_size": 50, "subsets": 20}])
def test_the_brute_force_of_kid_gives_our_scores(options):
    evaluation = gaussian_rows(60)
    chosen = choose(REGISTRY.metrics["kid"], {"kid": options}).options
    (found,) = score(build_metrics(REGISTRY, {"kid": chosen}), evaluation)
    truth = brute_scores("kid", evaluation, chosen)
    assert set(truth) == ({"kid", "kid_std"} if options else {"kid"})
    for key, value in truth.items():
        assert found.values[key] == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(("metric", "key"), [("fd-dinov2", "fd_dinov2"), ("sfid", "sfid"), ("cmmd", "cmmd")])
def test_the_brute_force_takes_the_features_that_a_metric_takes(metric, key):
    evaluation = gaussian_rows(60)
    options = choose(REGISTRY.metrics[metric], {}).options
    (found,) = score(build_metrics(REGISTRY, {metric: options}), evaluation)
    assert found.values[key] == pytest.approx(brute_scores(metric, evaluation, options)[key], rel=1e-6)


def test_what_nothing_recomputes_is_said():
    found = compare({"fid": 1.0, "cas": 0.5}, {"fid": {}, "cas": {}}, gaussian_rows(30))
    (alone,) = [one for one in found if one.key == "cas"]
    assert (alone.verdict, alone.library) == ("not compared", "no library")
    assert "nothing recomputes it" in alone.reason


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
    monkeypatch.setattr("genharness.verify.pairwise.MOST_ROWS", 10)
    evaluation = gaussian_rows()
    options = choose(REGISTRY.metrics["vendi"], {}).options
    peers = [peer for peer in PEERS if peer.library == "vendi-score"]
    (one,) = compare({"vendi": 1.5}, {"vendi": options}, evaluation, peers=peers)
    assert (one.verdict, one.why) == ("differs", "no brute force is affordable here")
    assert dataclasses.replace(one, theirs=1.5).verdict == "agrees"


def test_every_metric_without_a_library_is_among_those_that_are_tried():
    with_libraries = {peer.metric for peer in PEERS if peer.library != BRUTE}
    tried = [*ALONE, "class-accuracy", "cmmd", "fid-per-class", "modes"]
    assert sorted(peer.metric for peer in PEERS if peer.library == BRUTE) == sorted(tried)
    assert not with_libraries & set(ALONE)


def rescored(metric, part):
    options = choose(REGISTRY.metrics[metric], {}).options
    return {k: v for one in score(build_metrics(REGISTRY, {metric: options}), part) for k, v in one.values.items()}


def test_of_too_many_rows_a_part_is_held_against_the_brute_force(monkeypatch):
    monkeypatch.setattr("genharness.verify.pairwise.MOST_ROWS", 80)
    options = choose(REGISTRY.metrics["clipped"], {}).options
    (found, *_) = compare({"clipped_density": 0.1}, {"clipped": options}, gaussian_rows(), rescore=rescored)
    assert (found.verdict, found.rows) == ("agrees", 80)
    assert found.ours == pytest.approx(found.theirs)
    assert found.ours != 0.1
    wrong = compare(
        {"clipped_density": 0.1},
        {"clipped": options},
        gaussian_rows(),
        rescore=lambda metric, part: {"clipped_density": 0.1},
    )
    assert [one.verdict for one in wrong] == ["differs"]


def test_where_a_library_is_apart_on_too_many_rows_a_part_tells_who_fails(monkeypatch):
    pytest.importorskip("vendi_score")
    monkeypatch.setattr("genharness.verify.pairwise.MOST_ROWS", 50)
    options = choose(REGISTRY.metrics["vendi"], {}).options
    peers = [peer for peer in PEERS if peer.library == "vendi-score"]
    fake = RANDOM.normal(size=(60, 4)).astype(np.float32)
    fake[::3] = 0  # rows that the library cannot take, some of them in any part
    evaluation = row_evaluation(real=fake, fake=fake)
    (one,) = compare(rescored("vendi", evaluation), {"vendi": options}, evaluation, peers=peers, rescore=rescored)
    assert one.verdict == "the library fails here"
    assert one.why.startswith(f"on 50 rows: {BRUTE} ")
    (one,) = compare({"vendi": 1.5}, {"vendi": options}, gaussian_rows(), peers=peers, rescore=rescored)
    assert one.verdict == "differs"
    assert f"on 50 rows: {BRUTE} " in one.why


def test_held_out_rows_and_few_samples_are_undefined_for_both():
    rows = gaussian_rows()
    sets = {which: rows.samples(which) for which in ("real", "train", "test")}
    evaluation = row_evaluation(fake=rows.samples("test"), **sets)
    assert {one.verdict for one in compared("copies", evaluation, BRUTE).values()} == {"agrees"}
    few = row_evaluation(fake=rows.samples("fake")[:19], **sets)  # no cell of C_T has twenty
    assert compared("memorisation", few, BRUTE)["ct"].verdict == "agrees"
