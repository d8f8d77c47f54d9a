"""Options of every plugin and of the harness's own: whatever stands in their place is taken or refused in one line."""

import math
from functools import cache

import pytest
from hypothesis import strategies as st

from fuzzing import INPUTS, refusable, value_campaign, values
from genharness.plugin.registry import load_registry
from genharness.spec.flags import parse_setting
from genharness.spec.options import as_options, options_of, read_options
from genharness.study.running import Running
from genharness.study.suite import Suite


@pytest.fixture(scope="module")
def configs():
    """Every Config there is, by who has it."""
    registry = load_registry()
    measuring = (registry.extractors, registry.metrics)
    rooms = (registry.models, *measuring, registry.executors, registry.trackers, registry.reporters)
    found = {spec.name: spec.config for room in rooms for spec in room.values()}
    found |= {"suite": Suite, "running": Running}
    return [(name, config) for name, config in found.items() if options_of(config)]


def draws(configs):
    """Return (owner, Config, values by option) with values of every kind, near the bounds too."""

    @cache
    def with_options(pair):
        owner, config = pair
        options = options_of(config)
        near = [bound for one in options for bound in (one.low, one.high, one.above) if bound is not None]
        edges = [edge for one in near for edge in (one, one + 1, one - 1, math.nextafter(one, math.inf), str(one))]
        words = [str(choice) for one in options for choice in one.choices]
        value = values([*words, "none"]) | st.sampled_from([*edges, *words, 0])
        names = st.sampled_from([*(one.name for one in options), "nothing"])
        return st.tuples(st.just(owner), st.just(config), st.dictionaries(names, value, max_size=3))

    return st.sampled_from(configs).flatmap(with_options)


@INPUTS
def test_values_of_options(configs, tmp_path, inputs):
    def check(drawn):
        owner, config, given = drawn
        good, mistakes = read_options(owner, config, given)
        assert all(line and "\n" not in line and len(line) < 5000 for line in mistakes)
        built = None
        with refusable():  # options that do not go together
            built = config(**good)
        if built is not None:  # what is taken is taken again from a record
            again, none = read_options(owner, config, as_options(built))
            assert not none, (given, none)
            assert as_options(config(**again)) == as_options(built)

    value_campaign(inputs, draws(configs), check, tmp_path)


@INPUTS
def test_words_of_set(tmp_path, inputs):
    def check(text):
        with refusable():
            owner, name, _ = parse_setting(text)
            assert owner
            assert name

    like_one = st.from_regex(r"[a-z.]{0,5}\.?[a-z]{0,3}=?.{0,5}", fullmatch=True)
    value_campaign(inputs, st.text(max_size=40) | like_one, check, tmp_path)
