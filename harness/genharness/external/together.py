"""Sets that are scored together: each of them once, in one arithmetic, in shapes that can be compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from genharness.errors import DataError
from genharness.external.reference import Reference
from genharness.external.rows import in_one_arithmetic
from genharness.files.checksums import array_digest
from genharness.images.sample_file import SampleFile
from genharness.spec.plugins import DataShape, ExtractorSpec

__all__ = ["comparable", "each_once", "refuse_other_shapes"]


def each_once(sets: Sequence[SampleFile]) -> tuple[list[int], tuple[str, ...]]:
    """Return the place of every set that is the first of its samples and classes, and a note for each other one."""
    first: dict[tuple[str, str], int] = {}
    notes = []
    for place, found in enumerate(sets):
        labels = "" if found.labels is None else array_digest(found.labels)
        at = first.setdefault((found.digest, labels), place)
        if at != place:
            notes.append(f"{found.where} holds the samples of {sets[at].where}: they are scored once")
    return list(first.values()), tuple(notes)


def comparable(sets: list[SampleFile], reference: Reference) -> tuple[list[SampleFile], Reference]:
    """Return rows in the type that all are compared in: that of the prepared table, else float64 where one has it."""
    if sets[0].shape.modality != "tabular" or reference.data is not None:
        return sets, reference
    arrays = [found.samples for found in sets] + ([] if reference.found is None else [reference.found.samples])
    if len({array.shape[1:] for array in arrays}) > 1:
        return sets, reference  # refused with the sizes
    arrays, note = in_one_arithmetic(arrays)
    notes = (note,) if note else ()
    sets = [
        dataclasses.replace(found, samples=array, notes=(*found.notes, *notes))
        for found, array in zip(sets, arrays, strict=False)
    ]
    if reference.found is None:
        return sets, reference
    return sets, dataclasses.replace(reference, found=dataclasses.replace(reference.found, samples=arrays[-1]))


def refuse_other_shapes(sets: Sequence[SampleFile], reference: Reference, extractor: ExtractorSpec) -> None:
    """Refuse sets that an extractor without a resize could not compare.

    Raises:
        DataError: For the first of them, with what would make its shape the other's.
    """
    wanted = reference.shape or sets[0].shape
    for found in sets:
        differs = found.shape.shape != wanted.shape
        if found.shape.modality != wanted.modality or (differs and not extractor.resizes):
            raise DataError(
                f"{found.where} holds {found.shape}, and what it is compared with {wanted}: extractor {extractor.name} "
                f"needs one shape{_way_to_one_shape(found.shape, wanted)}"
            )


def _way_to_one_shape(found: DataShape, wanted: DataShape) -> str:
    if not found.modality == wanted.modality == "image":
        return ""
    if found.channels != wanted.channels:
        return ": save both sets as grey or both as RGB"
    return ": give --resize-to, or make both sets one size"
