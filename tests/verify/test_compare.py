"""Our scores beside a library's: agreement, and what a library that fails costs."""

import math
import warnings

import pytest

from genharness.errors import ConfigError
from genharness.verify.compare import PeerScore, compare
from genharness.verify.peers import Peer, Theirs

SIX = {"fid": 6.0}


def by_peers(*computes):
    """Compare a FID of 6 with what libraries compute."""
    peers = [Peer("fid", f"library-{place}", compute) for place, compute in enumerate(computes)]
    return compare(SIX, {"fid": {}}, None, peers=peers)


def raising(error):
    def compute(_evaluation, _options):
        raise error

    return compute


def right(_evaluation, _options):
    return {"fid": Theirs(6.0, 0.0)}


@pytest.mark.parametrize(
    "error",
    [RuntimeError("a\nb"), IndexError("a b"), ZeroDivisionError("a b"), TypeError("a b"), AttributeError("a b")],
)
def test_a_library_that_fails_is_a_line_and_costs_no_other_library(error):
    failed, other = by_peers(raising(error), right)
    assert (failed.verdict, failed.reason) == ("not compared", f"it failed: {type(error).__name__}: a b")
    assert other.verdict == "agrees"


def test_a_lack_of_memory_is_not_put_down_to_the_library():
    with pytest.raises(RuntimeError, match="out of memory"):
        by_peers(raising(RuntimeError("CUDA out of memory")))


def test_what_a_library_lacks_is_named_and_not_the_library():
    (found,) = by_peers(raising(ModuleNotFoundError("no", name="sklearn.neighbors")))
    assert found.reason == "sklearn is missing: pip install 'genharness[verify]'"


def test_a_library_that_does_not_fit_another_is_not_called_missing():
    (found,) = by_peers(raising(ImportError("cannot import name 'trapz'", name="scipy.integrate")))
    assert found.reason == "it failed: ImportError: cannot import name 'trapz'"


def test_warnings_of_a_library_are_not_the_users():
    def compute(evaluation, options):
        warnings.warn("invalid value encountered in divide", RuntimeWarning, stacklevel=1)
        return right(evaluation, options)

    (found,) = by_peers(compute)
    assert found.verdict == "agrees"


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        (1.0, 1.05, "agrees"),
        (1.0, 1.2, "differs"),
        (None, math.nan, "agrees"),
        (None, math.inf, "agrees"),
        (None, 1.0, "differs"),
        (1.0, math.nan, "differs"),
        (1.0, None, "differs"),
    ],
)
def test_numbers_agree_within_the_tolerance_and_what_is_undefined_with_what_is_not_finite(ours, theirs, verdict):
    assert PeerScore("fid", "a", ours, theirs, tolerance=0.1).verdict == verdict


def test_what_was_not_compared_says_why_whatever_the_numbers():
    assert PeerScore("fid", "a", 1.0, 1.0, reason="it was not scored").verdict == "not compared"


def test_a_metric_without_a_score_asks_no_library():
    peers = [Peer("fid", "a", raising(AssertionError("asked")))]
    (found,) = compare({}, {"fid": {}}, None, absent={"fid": "too few"}, peers=peers)
    assert (found.verdict, found.reason) == ("not compared", "too few")


def test_a_library_is_asked_only_where_it_knows_the_options():
    peers = [Peer("fid", "a", right, applies=lambda options: options["k"] == 5), Peer("fid", "b", right)]
    assert [one.library for one in compare(SIX, {"fid": {"k": 3}}, None, peers=peers)] == ["b"]
    with pytest.raises(ConfigError, match="no library recomputes kid: choose of fid"):
        compare(SIX, {"kid": {}}, None, peers=peers)
