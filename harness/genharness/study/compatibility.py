"""Whether a model, a metric or an extractor can be used with a dataset, and if not, why: every skip reason is here."""

from __future__ import annotations

import shlex
from dataclasses import replace

from genharness.spec.capabilities import CAPABILITIES
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.dataset_name import SIZES, parse_reference
from genharness.spec.plugins import ExtractorSpec, MetricSpec, ModelSpec

__all__ = ["extractor_misfit", "metric_misfit", "model_misfit"]


def model_misfit(
    spec: ModelSpec, facts: DatasetFacts, *, batch_size: int, balanced: bool = False, mirror: bool = False
) -> str:
    """Return why a model cannot be trained on the data, or an empty string.

    Args:
        spec: The model.
        facts: The data.
        batch_size: Samples in a batch.
        balanced: Whether every class is to be shown equally often.
        mirror: Whether images are to be mirrored, by the user's own word.
    """
    shape = facts.shape
    if shape.modality not in spec.modalities:
        return f"makes {' or '.join(spec.modalities)} data, and {facts.reference} is {shape.modality}"
    if spec.needs_labels and not facts.labelled:
        found = "one class only" if shape.classes == 1 else "no labels"
        return f"needs class labels of at least two classes, and {facts.reference} has {found}"
    problem = _size_misfit(spec, facts) if shape.modality == "image" else ""
    if problem:
        return problem
    if spec.trained and batch_size > shape.train_count:
        return (
            f"batch of {batch_size} is larger than the {shape.train_count:,} training samples of {facts.reference}: "
            f"set {spec.name}.batch_size lower"
        )
    if spec.trained and balanced and not facts.labelled:
        return f"{spec.name}.balanced needs classes to balance, and {facts.reference} has none"
    if spec.trained and mirror and shape.modality != "image":
        return f"{spec.name}.mirror mirrors images, and {facts.reference} is {shape.modality}"
    return ""


def _size_misfit(spec: ModelSpec, facts: DatasetFacts) -> str:
    shape = facts.shape
    if shape.height != shape.width:
        return f"works on square images, and {facts.reference} has {shape}: {_way_out(spec, facts)}"
    if shape.height < spec.min_size or (spec.max_size is not None and shape.height > spec.max_size):
        bounds = f"{spec.min_size} to {spec.max_size}" if spec.max_size is not None else f"at least {spec.min_size}"
        return f"works at {bounds} pixels, and {facts.reference} has {shape.height}: {_way_out(spec, facts)}"
    if shape.channels not in spec.channels:
        return f"works with {_either(spec.channels)} channels, and {facts.reference} has {shape.channels}"
    return ""


def _way_out(spec: ModelSpec, facts: DatasetFacts) -> str:
    """Return the advice to take the same data at a side that fits, as a shell takes it."""
    shape = facts.shape
    side = max(min(shape.height, shape.width, spec.max_size or SIZES[-1], SIZES[-1]), spec.min_size, SIZES[0])
    return f"ask for {shlex.quote(str(replace(parse_reference(facts.reference), size=side)))}"


def extractor_misfit(spec: ExtractorSpec, facts: DatasetFacts) -> str:
    """Return why `spec` cannot read the data, or an empty string."""
    if facts.shape.modality not in spec.modalities:
        return f"extractor {spec.name} reads {_either(spec.modalities)} data, and {facts.reference} is not"
    if spec.needs_labels and not facts.labelled:
        return f"extractor {spec.name} is trained on class labels, and {facts.reference} has none"
    return ""


def metric_misfit(metric: MetricSpec, model: ModelSpec, facts: DatasetFacts) -> str:
    """Return why `metric` cannot score `model` on the data, or an empty string."""
    if facts.shape.modality not in metric.modalities:
        return f"scores {_either(metric.modalities)} data only"
    if ("posteriors" in metric.needs or "labels" in metric.needs) and not facts.labelled:
        return "needs class labels, and the dataset has none"
    asked = [CAPABILITIES[need] for need in metric.needs if need in CAPABILITIES]
    missing = [capability.lacks for capability in asked if not model.can(capability.name)]
    return f"{model.name} {missing[0]}" if missing else ""


def _either(values: tuple[object, ...]) -> str:
    return " or ".join(str(value) for value in values)
