"""What every feature extractor must do."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

import numpy as np
import torch

from genharness.data import PreparedData
from genharness.files.weights import locate_weights
from genharness.kit.extractor import Extractor, ExtractorContext
from genharness.plugin.registry import load_factory
from genharness.spec.options import build_config
from genharness.spec.plugins import ExtractorSpec
from genharness.testing.check import Check, must, no_reason
from genharness.testing.synthetic import CLASSES, private_home, synthetic_data

__all__ = ["extractor_checks"]


def extractor_checks(specs: ExtractorSpec | Iterable[ExtractorSpec]) -> list[Check]:
    """Return the checks of some extractors, on small images and rows; skipped where weights are not at hand."""
    many = [specs] if isinstance(specs, ExtractorSpec) else specs
    return [check for spec in many for check in _checks_of(spec)]


def _checks_of(spec: ExtractorSpec) -> list[Check]:
    shapes = {"images": synthetic_data(32, 3)} if "image" in spec.modalities else {}
    if "tabular" in spec.modalities:
        shapes["rows"] = synthetic_data(tabular=True)
    return [
        Check(f"{spec.name}: extracts {name}", functools.partial(_extracts, spec, data), skip_reason=_needs(spec))
        for name, data in shapes.items()
    ]


def _needs(spec: ExtractorSpec) -> Callable[[], str]:
    weights = spec.weights
    if weights is None:
        return no_reason
    return lambda: "" if locate_weights(weights) else f"weights {weights.filename} are not on this machine"


def _extracts(spec: ExtractorSpec, data: PreparedData) -> None:
    """Gives finite float32 rows that do not depend on how samples are batched, and one identity for one build."""
    with private_home():
        extractor, again = _build(spec, data), _build(spec, data)
    samples = np.array(data.samples("test")[:7])
    all_at_once = extractor.extract(samples)
    must(all_at_once.features.dtype == np.float32, f"features are {all_at_once.features.dtype}, not float32")
    must(all_at_once.features.ndim == 2 and len(all_at_once.features) == 7, "features are not (n, d)")
    must(np.isfinite(all_at_once.features).all(), "features are not finite")
    parts = np.concatenate([extractor.extract(samples[:3]).features, extractor.extract(samples[3:]).features])
    must(np.allclose(all_at_once.features, parts, rtol=1e-3, atol=1e-4), "features depend on how samples are batched")
    must((all_at_once.logits is not None) == spec.has_logits, f"the spec says has_logits={spec.has_logits}")
    if all_at_once.logits is not None:
        must(len(all_at_once.logits) == 7, "logits are not (n, classes)")
        wrong = f"{all_at_once.logits.shape[1]} logits for {CLASSES} classes"
        must(not spec.needs_labels or all_at_once.logits.shape[1] == CLASSES, wrong)
    must(extractor.identity and extractor.identity == again.identity, "identity differs from build to build")


def _build(spec: ExtractorSpec, data: PreparedData) -> Extractor:
    resize = spec.resizes[0] if spec.resizes else ""
    context = ExtractorContext(device=torch.device("cpu"), data=data, resize=resize)
    extractor = load_factory(spec)(context, build_config(spec.name, spec.config, {}))
    must(isinstance(extractor, Extractor), f"its factory gives a {type(extractor).__name__}, not an Extractor")
    assert isinstance(extractor, Extractor)
    return extractor
