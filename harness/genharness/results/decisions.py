"""Decisions over looks at growing numbers of seeds, kept beside the records: RESULTS/decisions/NAME.json.

Without the plan and the looks that were taken the error over all of them could not be kept: a study that goes on reads
them, and a leaderboard takes its marks from them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from genharness.errors import RunError
from genharness.files.atomic import write_bytes
from genharness.files.regular import read_regular
from genharness.spec.protocol import short_hash
from genharness.spec.record import now
from genharness.spec.typed import typed
from genharness.stats.sequential import Decisions, Finding, SeedPlan

__all__ = ["KeptDecisions", "kept_decisions", "load_decisions", "parse_decisions", "save_decisions"]

_LARGEST_FILE = 64 << 20
_SCHEMA = 1
_NAME = re.compile(r"[\w.-]{1,200}")
"""What a file may be called: nothing that leaves its folder."""


@dataclass(frozen=True, kw_only=True)
class KeptDecisions:
    """A plan of looks and how far it has come.

    Attributes:
        dataset: Dataset reference.
        metric: Key of the score that decides.
        title: Its heading.
        cells: For each row of the plan the ids of its cells, in the order of their seeds.
        decisions: The plan, and what was found.
        had_seeds: Rows that had seeds before the plan was made: looks at them are not counted.
        lost: For each row how many of its seeds diverged, and how many were trained.
        began_at: UTC, ISO 8601.
    """

    dataset: str
    metric: str
    title: str
    cells: Mapping[str, Sequence[str]]
    decisions: Decisions
    had_seeds: tuple[str, ...] = ()
    lost: Mapping[str, Sequence[int]] = field(default_factory=dict)
    began_at: str = field(default_factory=now)

    @property
    def name(self) -> str:
        """Name of the file: of the plan alone, so that another question, row or limit is another family."""
        known = {"metric": self.metric, "cells": self.cells, "plan": dataclasses.asdict(self.decisions.plan)}
        return f"{re.sub(r'[^a-z0-9]+', '-', self.dataset.lower()).strip('-')[-32:]}-{self.metric}-{short_hash(known)}"

    def as_plain(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {"schema": _SCHEMA, **dataclasses.asdict(self)}


def load_decisions(folder: Path, name: str) -> KeptDecisions | None:
    """Return what was kept of a plan, or None where nothing was.

    Args:
        folder: Results folder.
        name: `KeptDecisions.name`.

    Raises:
        RunError: If the file is damaged: to begin anew would count no earlier look.
    """
    path = _path(folder, name)
    try:
        return _read(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise RunError(f"the decisions {path} cannot be read ({reason}): move them away to begin anew") from error


def kept_decisions(folder: Path) -> Iterator[KeptDecisions]:
    """Yield all decisions of a results folder that can be read, the earliest plan first.

    A plan of which no look was taken yet has decided nothing, and is none of them.
    """
    found = []
    for path in sorted((folder / "decisions").glob("*.json")):
        try:
            found.append(_read(path))
        except (OSError, ValueError, RecursionError):  # a leaderboard stands without their marks
            continue
    yield from sorted((one for one in found if one.decisions.reached), key=lambda one: one.began_at)


def save_decisions(folder: Path, kept: KeptDecisions) -> None:
    """Write decisions, whole or not at all.

    Raises:
        RunError: If they cannot be written.
    """
    path = _path(folder, kept.name)
    try:
        path.parent.mkdir(exist_ok=True)
        write_bytes(path, orjson.dumps(kept.as_plain(), option=orjson.OPT_INDENT_2))
    except OSError as error:
        raise RunError(f"cannot write the decisions {path} ({error.strerror}): free space and run again") from error


def _path(folder: Path, name: str) -> Path:
    return folder / "decisions" / f"{name}.json"


def _read(path: Path) -> KeptDecisions:
    return parse_decisions(read_regular(str(path), _LARGEST_FILE, follow=False))


def parse_decisions(content: bytes) -> KeptDecisions:
    """Return the decisions that a file holds.

    Raises:
        ValueError: If it holds none, or more than a file of them may; the message says why.
        RecursionError: If it is nested too deep.
    """
    if len(content) > _LARGEST_FILE:
        raise ValueError(f"it has {len(content):,} bytes, more than {_LARGEST_FILE:,}")
    plain = orjson.loads(content)
    if not isinstance(plain, dict) or plain.pop("schema", None) != _SCHEMA:
        raise ValueError("it is of another version")
    decisions = plain.pop("decisions", None)
    if not isinstance(decisions, dict) or not isinstance(decisions.get("findings"), list):
        raise ValueError("it holds no decisions")
    findings = tuple(typed(Finding, one) for one in decisions.pop("findings"))
    made = typed(_Made, decisions)
    whole = Decisions(plan=made.plan, reached=made.reached, findings=findings, closed=made.closed)
    kept = dataclasses.replace(typed(_File, plain).kept(), decisions=whole)
    if not _NAME.fullmatch(kept.name):
        raise ValueError("its metric is the key of no column")
    return kept


@dataclass(frozen=True, kw_only=True)
class _Made:
    """What a file says of decisions beside the findings."""

    plan: SeedPlan
    reached: int
    closed: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class _File:
    """What a file says beside the decisions."""

    dataset: str
    metric: str
    title: str
    cells: dict[str, list[str]]
    had_seeds: list[str]
    lost: dict[str, list[int]]
    began_at: str

    def kept(self) -> KeptDecisions:
        plain = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        plain["had_seeds"] = tuple(self.had_seeds)
        return KeptDecisions(**plain, decisions=Decisions(plan=SeedPlan(rows=())))
