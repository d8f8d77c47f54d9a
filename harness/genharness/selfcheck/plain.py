"""What a check found, as plain values for JSON."""

from __future__ import annotations

from typing import Any

from genharness.selfcheck.check import Checked, Tried, columns_shown

__all__ = ["checked_plain"]


def checked_plain(found: Checked) -> dict[str, Any]:
    """Return a dictionary of plain values; a fault's `seen_by` holds columns on whatever side they see it."""
    keys = [column.key for column in found.columns]
    default = [column.key for column in columns_shown(found.metrics) if column.key in keys]
    return {
        "dataset": found.dataset,
        "features": found.features,
        "count": found.count,
        "draws": found.draws,
        "metrics": {spec.name: [one.key for one in spec.columns if one.key in keys] for spec in found.metrics},
        "default_columns": default,
        "undetected": [fault.name for fault in found.undetected],
        "real": _tried(found.control, keys, default),
        "faults": [_tried(tried, keys, default) for tried in found.faults],
        "absent": dict(found.absent),
        "cheaper": {name: dict(options) for name, options in found.cheaper.items()},
    }


def _tried(tried: Tried, keys: list[str], default: list[str]) -> dict[str, Any]:
    fault = tried.fault
    return {
        "name": tried.name,
        "summary": fault.summary if fault else "real samples that nothing was done to",
        "seen_by": tried.seen_by(keys),
        "seen_by_default": tried.seen_by(default),
        "columns": {
            key: {"value": one.value, "low": one.band["low"], "high": one.band["high"], "sight": one.sight}
            for key, one in tried.columns.items()
        },
        "failed": dict(tried.failed),
    }
