"""What planning must know of a dataset, without preparing it where its spec says enough."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping

from genharness.data import DatasetReference, PreparedData, ensure_prepared, is_prepared, resolve
from genharness.data.prepare import is_by_other_code
from genharness.errors import ConfigError
from genharness.files.paths import printable
from genharness.plugin.registry import Registry
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.dataset_name import Fit, parse_reference
from genharness.spec.plugins import DatasetSpec, DataShape
from genharness.spec.report import Report

__all__ = ["facts_reader"]


def facts_reader(
    registry: Registry, limit: int | None = None, report: Report | None = None, fit: Fit | None = None
) -> Callable[[str], DatasetFacts]:
    """Return a function that gives the facts of a dataset reference.

    Args:
        registry: Where dataset plugins are.
        limit: At most so many samples of each split, None for all.
        report: Told of the progress, where only preparing the data can tell.
        fit: How pictures that are no squares become some, where a reference says nothing.
    """

    def read(text: str) -> DatasetFacts:
        parsed = parse_reference(text)
        _refuse_unrecordable(parsed)
        spec = registry.datasets.find(parsed.name)
        reference = resolve(spec, parsed, limit=limit, fit=fit)
        if is_prepared(spec, reference):
            return _from_data(spec, ensure_prepared(spec, reference, report=report))  # anew if it is out of date
        if spec.shape is None or reference.classes or not {"train", "test"} <= set(spec.counts):
            return _from_data(spec, ensure_prepared(spec, reference, report=report))
        return _from_spec(spec, reference)

    return read


def _refuse_unrecordable(reference: DatasetReference) -> None:
    """Refuse a path that is no UTF-8: it can be read, and no record could hold it.

    Raises:
        ConfigError: If it is one.
    """
    try:
        str(reference).encode()
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"{printable(reference)} is no UTF-8, and no record could hold it: rename it, or name a link to it"
        ) from error


def _from_data(spec: DatasetSpec, data: PreparedData) -> DatasetFacts:
    return DatasetFacts(
        reference=data.name,
        spec_name=spec.name,
        shape=data.shape,
        counts=dict(data.meta.counts),
        class_names=data.class_names,
        content_hash=data.content_hash,
        notes=(_OTHER_CODE.format(data.name, shlex.quote(data.name)),) if is_by_other_code(spec, data) else (),
    )


_OTHER_CODE = "{} was prepared by other code than is installed: `genharness data prepare {} --force` does it again"


def _from_spec(spec: DatasetSpec, reference: DatasetReference) -> DatasetFacts:
    counts = _viewed(spec.counts, reference)
    shape = spec.shape or ()
    if spec.modality == "image":
        channels = {"grey": 1, "rgb": 3, None: shape[0]}[reference.channels]
        sides = (reference.size, reference.size) if reference.size else shape[1:]
        shape = (channels, *sides)
    return DatasetFacts(
        reference=str(reference),
        spec_name=spec.name,
        shape=DataShape(spec.modality, shape, len(spec.class_names), counts["train"]),
        counts=counts,
        class_names=spec.class_names,
    )


def _viewed(counts: Mapping[str, int], reference: DatasetReference) -> dict[str, int]:
    """Return the counts of the part of the data that a reference takes."""
    viewed = dict(counts)
    if reference.validation:
        viewed["train"] -= reference.validation
        viewed["validation"] = reference.validation
    return {split: min(count, reference.limit or count) for split, count in viewed.items()}
