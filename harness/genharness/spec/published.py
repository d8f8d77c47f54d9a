"""Protocols under which scores stand in papers: a name for the settings that have to agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genharness.spec.protocol import Protocol

__all__ = ["PUBLISHED", "published_name"]

_INCEPTION = {"features": "inception", "resize": "legacy-tf", "reference_split": "train", "reference": None}

PUBLISHED: Mapping[str, Mapping[str, Any]] = {
    "published": {**_INCEPTION, "samples": 50_000},
    "published-10k": {**_INCEPTION, "samples": 10_000},
}
"""What a name settles, by the fields of `genharness.study.measuring.Measuring`.

FIDs of papers are over the Inception of 2015-12-05, images resized as TensorFlow 1 did (Heusel et al. 2017), 50,000
samples against the whole training split; small studies take 10,000.
"""


def published_name(protocol: Protocol) -> str:
    """Return the name of the published settings that a protocol has; empty where it has others."""
    found = {
        "features": protocol.extractor,
        "resize": protocol.resize,
        "reference_split": protocol.reference_split,
        "reference": protocol.reference_count or None,
        "samples": protocol.sample_count,
    }
    usual = not protocol.extractor_options
    return next((name for name, settled in PUBLISHED.items() if usual and found == settled), "")
