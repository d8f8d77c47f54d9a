"""The data that a recorded cell was trained on, on this machine: results folders travel, and data may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genharness.errors import DataError
from genharness.plugin.registry import Registry
from genharness.spec.dataset_name import parse_reference
from genharness.spec.record import Record
from genharness.spec.report import Report

if TYPE_CHECKING:
    from genharness.data import PreparedData

__all__ = ["recorded_data"]


def recorded_data(
    record: Record,
    registry: Registry,
    *,
    same: bool,
    report: Report = lambda done, total, text: None,
) -> PreparedData:
    """Return the dataset of a cell, prepared where it was not.

    Args:
        record: The cell's record, maybe of another machine.
        registry: Where the dataset's plugin is.
        same: Refuse data of other content than the cell was measured with.
        report: Told of the progress as (done, total, what).

    Raises:
        DataError: If this machine has no such data, or other data under that name.
    """
    from genharness.data import ensure_prepared

    reference = parse_reference(record.cell.dataset)
    where = record.environment.get("hostname") or "another machine"
    try:
        data = ensure_prepared(registry.datasets.find(reference.name), reference, report=report)
    except DataError as error:
        raise DataError(
            f"{record.cell.id} was trained on {reference} on {where}, and that data cannot be had here: {error}"
        ) from error
    if same and record.protocol.get("dataset_hash") not in ("", None, data.content_hash):
        raise DataError(
            f"{record.cell.id} was trained on {where}, and {reference} holds other data here: put the data of then "
            "in its place"
        )
    return data
