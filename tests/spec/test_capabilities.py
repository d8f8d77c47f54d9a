"""The table of capabilities holds together with the contracts in the kit and the needs of metrics."""

from typing import get_args

import pytest

import genharness.kit
from genharness.errors import PluginError
from genharness.spec.capabilities import CAPABILITIES, CapabilityName, Declared, parse_capability
from genharness.spec.plugins import ModelSpec, Need


def spec(*capabilities):
    return ModelSpec(name="toy", summary="", factory="a:b", family="toy", recipes={}, capabilities=capabilities)


def test_every_name_and_every_spelling_stands_in_the_table():
    assert set(CAPABILITIES) == set(get_args(CapabilityName))
    assert {parse_capability(declared)[0].name for declared in get_args(Declared)} == set(CAPABILITIES)


def test_a_metric_may_need_every_capability():
    assert set(CAPABILITIES) <= set(get_args(Need))


@pytest.mark.parametrize("capability", CAPABILITIES.values(), ids=lambda one: one.name)
def test_the_protocol_in_the_kit_describes_exactly_the_method(capability):
    if not capability.method:
        assert not capability.protocol
        return
    described = getattr(genharness.kit, capability.protocol)
    beside = ["draw_latents"] if capability.name == "decoder" else []
    assert [name for name in vars(described) if not name.startswith("_")] == [*beside, capability.method]


def test_a_kind_stands_after_the_colon():
    assert [kind for _, kind in map(parse_capability, ("likelihood:bound", "latents"))] == ["bound", ""]


def test_a_misspelt_capability_is_answered_with_the_nearest():
    with pytest.raises(PluginError, match="unknown capability 'likelihood'; did you mean 'likelihood:"):
        parse_capability("likelihood")


def test_a_model_can_what_it_declares_of_whatever_kind():
    assert spec("likelihood:exact").can("likelihood")
    assert not spec("likelihood:exact", "latents").can("kl_to_prior")
