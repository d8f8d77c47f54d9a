"""Requests written flat: what is measured beside what is scored."""

import dataclasses

from genharness.external.request import Request
from genharness.study.measuring import Measuring

MEASURED = {item.name for item in dataclasses.fields(Measuring)} - {"samples", "reference"}
COUNTS = {"count": "samples", "reference_count": "reference"}
"""What `Measuring` calls the counts, where a request's samples and reference are files."""


def request_of(**values):
    """A request from the fields of `Request` and of `Measuring` alike."""
    measured = {name: value for name, value in values.items() if name in MEASURED}
    measured |= {COUNTS[name]: value for name, value in values.items() if name in COUNTS}
    rest = {name: value for name, value in values.items() if name not in MEASURED | set(COUNTS)}
    return Request(**rest, measuring=Measuring(**measured))
