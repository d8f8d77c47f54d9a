"""What every dataset that needs no download must do."""

from __future__ import annotations

import functools
from collections.abc import Iterable

import numpy as np

from genharness.data import ensure_prepared
from genharness.spec.plugins import DatasetSpec
from genharness.testing.check import Check, must
from genharness.testing.synthetic import private_home

__all__ = ["dataset_checks"]


def dataset_checks(specs: DatasetSpec | Iterable[DatasetSpec]) -> list[Check]:
    """Return the checks of some datasets; those that are not bundled are skipped."""
    many = [specs] if isinstance(specs, DatasetSpec) else specs
    return [
        Check(f"{spec.name}: prepares", functools.partial(_prepares, spec), skip_reason=functools.partial(_needs, spec))
        for spec in many
    ]


def _needs(spec: DatasetSpec) -> str:
    return "" if spec.bundled and not spec.parametric else "it is not bundled: it needs the network or --from"


def _prepares(spec: DatasetSpec) -> None:
    """Gives what its spec promises, and the same content when it is prepared again."""
    with private_home():
        data = ensure_prepared(spec, spec.name)
        must(data.shape.modality == spec.modality, f"modality is {data.shape.modality}, not {spec.modality}")
        must(spec.shape in (None, data.shape.shape), f"shape is {data.shape.shape}, and the spec says {spec.shape}")
        must(not spec.class_names or data.class_names == spec.class_names, f"class names are {data.class_names}")
        for split in ("train", "test"):
            samples, labels = data.samples(split), data.labels(split)
            promised = spec.counts.get(split, len(samples))
            must(len(samples) == promised, f"{split} has {len(samples)} samples, and the spec says {promised}")
            must(spec.modality == "image" or np.isfinite(samples).all(), f"{split} holds NaN or infinity")
            must(labels is None or labels.max() < len(data.class_names), f"a label of {split} has no class name")
        again = ensure_prepared(spec, spec.name, force=True)
        must(again.content_hash == data.content_hash, "preparing it again gives other content")
