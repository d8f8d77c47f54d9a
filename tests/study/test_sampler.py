"""Settings to try next: within the space, never twice, and the same after a kill."""

import sys

import pytest

from genharness.errors import ConfigError
from genharness.results.searches import Try
from genharness.spec.axes import Axis
from genharness.study.sampler import METHODS, SettingSampler, require_optuna

AXES = [
    Axis(name="lr", low=1e-4, high=1e-2, log=True),
    Axis(name="latent", low=4, high=64, whole=True),
    Axis(name="norm", choices=("batch", None)),
]


def tried(settings, **changes):
    return [
        Try(number=i, options=one, cell=f"c{i}", state="done", score=one["lr"], **changes)
        for i, one in enumerate(settings)
    ]


def sampler(method="random", axes=AXES, seed=0):
    return SettingSampler(axes, method, seed, higher_is_better=False)


@pytest.mark.parametrize("method", METHODS)
def test_settings_lie_in_the_space(method):
    for one in sampler(method).ask([], 20):
        assert 1e-4 <= one["lr"] <= 1e-2
        assert one["latent"] in range(4, 65)
        assert one["norm"] in ("batch", None)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_is_asked_again_after_a_kill(method):
    before = tried(sampler(method).ask([], 10))
    assert sampler(method).ask(before, 3) == sampler(method).ask(before, 3)
    assert sampler(method).ask(before, 3) != sampler(method, seed=1).ask(before, 3)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_tried_twice_and_a_small_space_is_exhausted(method):
    axes = [Axis(name="lr", choices=(0.1, 0.2)), Axis(name="norm", choices=("a", "b"))]
    before = tried(sampler(method, axes).ask([], 3))
    rest = sampler(method, axes).ask(before, 5)
    assert len(before) == 3
    assert len(rest) == 1
    assert rest[0] not in [one.options for one in before]


def test_tpe_looks_where_it_was_good():
    before = tried(sampler("random").ask([], 40))
    learnt, blind = sampler("tpe").ask(before, 10), sampler("random").ask(before, 10)
    assert max(one["lr"] for one in learnt) < max(one["lr"] for one in blind)
    assert sorted(one["lr"] for one in learnt)[5] < sorted(one["lr"] for one in blind)[5]


def test_a_try_is_stopped_where_it_is_worse_than_the_median_at_its_step():
    settings = sampler().ask([], 6)
    others = [
        Try(number=i, options=one, cell="c", state="done", score=1.0, over_training={"10": float(i), "20": float(i)})
        for i, one in enumerate(settings[:5])
    ]

    def stops(score):
        return sampler().should_stop(others, Try(number=5, options=settings[5], cell="c", over_training={"10": score}))

    assert stops(9.0)
    assert not stops(0.5)


def test_without_optuna_it_says_what_to_install(monkeypatch):
    require_optuna()
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"pip install 'genharness\[search\]'"):
        require_optuna()
