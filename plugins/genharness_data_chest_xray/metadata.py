"""The table of the covid-chestxray-dataset repository: which rows are usable frontal X-rays, and of what.

Two label schemas exist: `COVID-19, ARDS` (2020) and the later hierarchy `Pneumonia/Viral/COVID-19`. Both come
down to a set of terms. The classes are

- `COVID-19`: the term is named, alone or with others;
- `No Finding`: nothing was found;
- `Other disease`: every other named finding, merged. The other causes (SARS, Pneumocystis, Streptococcus, ...)
  have at most 11 patients each in frontal views, too few for a class of their own in three splits that share
  no patient, and most are pneumonias, which is what COVID-19 has to be told from.

Rows that say `todo` or `Unknown`, or nothing, have no class and are left out.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from genharness import DataError

__all__ = ["CLASS_NAMES", "FRONTAL_VIEWS", "Selection", "XRay", "class_of", "read_rows", "select"]

CLASS_NAMES = ("COVID-19", "No Finding", "Other disease")
FRONTAL_VIEWS = ("PA", "AP", "AP Supine", "AP Erect")
COLUMNS = ("patientid", "finding", "view", "modality", "folder", "filename")

_NO_CLASS = frozenset({"", "todo", "unknown"})
_FRONTAL = frozenset(view.lower() for view in FRONTAL_VIEWS)


@dataclass(frozen=True, slots=True)
class XRay:
    """One usable image: its file in images/, its patient and its label into `CLASS_NAMES`."""

    filename: str
    patient: str
    label: int


@dataclass(frozen=True)
class Selection:
    """The usable rows and what became of the others.

    Attributes:
        xrays: Usable images in the order of the table.
        same_person: Pairs of patients under whom the real table lists one and the same file.
        left_out: Reason -> number of rows.
        findings: Finding as written -> number of usable images.
    """

    xrays: tuple[XRay, ...]
    same_person: tuple[tuple[str, str], ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    findings: Mapping[str, int] = field(default_factory=dict)


def read_rows(data: bytes, name: str) -> list[dict[str, str]]:
    """Return the rows of metadata.csv by column, names in lower case, stray spaces removed.

    Args:
        data: The file: UTF-8, or Latin-1 where its notes are no UTF-8.
        name: What error messages call it.

    Raises:
        DataError: If it lacks a needed column or is no CSV.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    try:
        header, *lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (csv.Error, ValueError) as error:
        raise DataError(f"{name} cannot be read as CSV: {error}") from error
    columns = [column.strip().lower() for column in header]
    missing = [column for column in COLUMNS if column not in columns]
    if missing:
        raise DataError(f"{name} has no column {', '.join(missing)}: it is no metadata.csv of covid-chestxray-dataset")
    return [dict(zip(columns, (cell.strip() for cell in line), strict=False)) for line in lines if any(line)]


def class_of(finding: str) -> int | None:
    """Return the label of a finding of either schema, None where it says nothing (see the module)."""
    terms = {term.strip().lower() for term in finding.replace(",", "/").split("/")}
    if terms & _NO_CLASS:
        return None
    if "covid-19" in terms:
        return CLASS_NAMES.index("COVID-19")
    return CLASS_NAMES.index("No Finding" if "no finding" in terms else "Other disease")


def select(rows: Iterable[Mapping[str, str]], files: Collection[str]) -> Selection:
    """Return the frontal X-rays that have a class, a patient and a file; a file is taken once.

    Args:
        rows: As of `read_rows`.
        files: Names in the images folder.
    """
    xrays: dict[str, XRay] = {}
    same_person: list[tuple[str, str]] = []
    left_out: Counter[str] = Counter()
    findings: Counter[str] = Counter()
    for row in rows:
        label = class_of(row.get("finding", ""))
        reason = _reason_against(row, label, files)
        filename, patient = row.get("filename", ""), row.get("patientid", "")
        if not reason and filename in xrays:
            reason = "listed again"
            same_person.append((xrays[filename].patient, patient))
        if reason or label is None:
            left_out[reason] += 1
            continue
        xrays[filename] = XRay(filename, patient, label)
        findings[row["finding"]] += 1
    return Selection(tuple(xrays.values()), tuple(same_person), dict(left_out), dict(findings))


def _reason_against(row: Mapping[str, str], label: int | None, files: Collection[str]) -> str:
    """Return why a row cannot be used, the first reason in this order, or an empty string."""
    if row.get("modality", "").lower() != "x-ray" or row.get("folder", "") != "images":
        return "no X-ray"
    if row.get("view", "").lower() not in _FRONTAL:
        return "no frontal view"
    if label is None:
        return "no class"
    if not row.get("patientid"):
        return "no patient"
    return "" if row.get("filename") in files else "no file"
