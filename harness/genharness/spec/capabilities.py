"""What a model may be able to do beside sampling: the one table that specs, plans, metrics and checks read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from genharness.errors import PluginError, did_you_mean

__all__ = ["CAPABILITIES", "Capability", "CapabilityName", "Declared", "parse_capability"]

CapabilityName = Literal["conditions", "reconstructions", "latents", "decoder", "likelihood", "kl_to_prior"]
"""What `MetricSpec.needs` and `evaluation.of_model` call it."""

Declared = Literal[
    "conditions",
    "conditions:conditional",
    "reconstructions",
    "latents",
    "decoder",
    "likelihood:exact",
    "likelihood:bound",
    "kl_to_prior",
]
"""How `ModelSpec.capabilities` spells it: the name, and after a colon the kind where there are several.

`conditions:conditional`: where the model's own option `conditional` is on, else not."""


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing that some models can do.

    Attributes:
        name: What specs and needs call it.
        says: What people read of a model that can.
        lacks: What they read of one that cannot, after its name.
        method: The model's method behind it; empty for `conditions`, which are the `labels` of `sample`.
        protocol: The class of `genharness.kit` that describes the method; empty where there is none.
    """

    name: CapabilityName
    says: str
    lacks: str
    method: str = ""
    protocol: str = ""


CAPABILITIES: Mapping[str, Capability] = MappingProxyType(
    {
        one.name: one
        for one in (
            Capability("conditions", "sample a class that is asked for", "is not asked for classes"),
            Capability("reconstructions", "reconstruct", "gives no reconstructions", "reconstruct", "Reconstructs"),
            Capability("latents", "encode", "gives no latents", "encode", "Encodes"),
            Capability("decoder", "decode", "decodes no latent codes", "decode_latents", "Decodes"),
            Capability("likelihood", "likelihood", "gives no likelihood", "bits_per_dim", "HasLikelihood"),
            Capability(
                "kl_to_prior",
                "divergence from the prior",
                "has no posterior over latent codes",
                "kl_to_prior",
                "HasPosterior",
            ),
        )
    }
)
"""Every capability by its name, in the order in which people read them."""


def parse_capability(declared: str) -> tuple[Capability, str]:
    """Return what one word of `ModelSpec.capabilities` declares: the capability, and its kind or an empty string.

    Raises:
        PluginError: If no capability is spelt so; the message gives the nearest spelling.
    """
    known = get_args(Declared)
    if declared not in known:
        raise PluginError(f"unknown capability {declared!r}{did_you_mean(str(declared), known)}")
    name, _, kind = declared.partition(":")
    return CAPABILITIES[name], kind
