"""Scores read against what real samples score against other real ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from genharness.spec.columns import Column
from genharness.spec.record import Band, Record, within

__all__ = ["SIGNS", "Reading", "bands_of", "read_against"]

Reading = Literal["", "as real", "better than real"]

SIGNS: Mapping[Reading, str] = {"as real": "≈", "better than real": "!"}
"""What stands behind a number."""


def bands_of(records: Iterable[Record], columns: Mapping[str, Column]) -> dict[str, Band]:
    """Return the band of every score that has one: of several records with one, the band of the most draws.

    Args:
        records: Of one protocol.
        columns: By key. Bands end where their values do, those of older records too, which went beyond.
    """
    found: dict[str, Band] = {}
    for record in records:
        for key, band in record.bands.items():
            if key not in found or band["draws"] > found[key]["draws"]:
                found[key] = band
    return {key: within(band, columns[key].limits) if key in columns else band for key, band in found.items()}


def read_against(band: Band | None, value: float | None, higher_is_better: bool | None) -> Reading:
    """Return how a score stands to the band of real samples; empty where it is worse or nothing is known.

    A score without a better end is as real within the band, and nothing beyond it.
    """
    if band is None or value is None:
        return ""
    if band["low"] <= value <= band["high"]:
        return "as real"
    better = value > band["high"] if higher_is_better else value < band["low"]
    return "better than real" if better and higher_is_better is not None else ""
