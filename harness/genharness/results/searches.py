"""Searches, kept beside the records: RESULTS/searches/NAME.json has every try from before it is trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from genharness.errors import RunError
from genharness.files.atomic import write_bytes
from genharness.files.regular import read_regular
from genharness.spec.protocol import short_hash
from genharness.spec.typed import typed

__all__ = ["KeptSearch", "Try", "TryState", "load_search", "save_search"]

TryState = Literal["asked", "done", "pruned", "failed"]
"""`asked`: its cell is to be run, or to go on; `pruned`: stopped, since others were better at that step."""

_LARGEST_FILE = 256 << 20
_SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Try:
    """One setting that was tried.

    Attributes:
        number: From 0, in the order of asking.
        options: The setting, by option.
        cell: Id of its cell.
        state: How far it is.
        score: On the validation split, with one seed; None unless `done`.
        seconds: What it cost.
        over_training: Scores over training by step, as text, of which pruning decides.
    """

    number: int
    options: dict[str, Any]
    cell: str
    state: TryState = "asked"
    score: float | None = None
    seconds: float = 0.0
    over_training: dict[str, float] = field(default_factory=dict)

    @property
    def scored(self) -> float:
        """The score of one that is done, which has one."""
        assert self.score is not None, self.state
        return self.score


@dataclass(frozen=True, kw_only=True)
class KeptSearch:
    """A search.

    Attributes:
        asked: What it is of, plain values: a search with other ones is another.
        tries: All of them, in the order of asking.
        best: Numbers of the tries that were trained again with fresh seeds, the best by the search first.
    """

    asked: Mapping[str, Any]
    tries: tuple[Try, ...] = ()
    best: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """Name of the file."""
        return f"{self.asked['model']}-{short_hash(dict(self.asked))}"

    def with_try(self, one: Try) -> KeptSearch:
        """Return the search with a try in the place of the one of its number, or behind all."""
        return dataclasses.replace(self, tries=(*self.tries[: one.number], one, *self.tries[one.number + 1 :]))


def load_search(folder: Path, search: KeptSearch) -> KeptSearch:
    """Return a search as far as it has come.

    Args:
        folder: Results folder.
        search: It, as it is asked for.

    Raises:
        RunError: If what was kept is damaged.
    """
    path = _path(folder, search)
    try:
        plain = orjson.loads(read_regular(str(path), _LARGEST_FILE, follow=False))
        if not isinstance(plain, dict) or plain.get("schema") != _SCHEMA or not isinstance(plain.get("tries"), list):
            raise ValueError("it is of another version")
        tries = tuple(typed(Try, one) for one in plain["tries"])
        if [one.number for one in tries] != list(range(len(tries))):
            raise ValueError("its tries are not in order")
        best = plain.get("best", [])
        if not isinstance(best, list) or any(type(one) is not int or not 0 <= one < len(tries) for one in best):
            raise ValueError("its best tries are none of it")
        return dataclasses.replace(search, tries=tries, best=tuple(best))
    except FileNotFoundError:
        return search
    except (OSError, TypeError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise RunError(f"the search {path} cannot be read ({reason}): move it away to begin anew") from error


def save_search(folder: Path, search: KeptSearch) -> None:
    """Write a search, whole or not at all.

    Raises:
        RunError: If it cannot be written.
    """
    path = _path(folder, search)
    plain = {"schema": _SCHEMA, **dataclasses.asdict(search)}
    try:
        path.parent.mkdir(exist_ok=True)
        write_bytes(path, orjson.dumps(plain, option=orjson.OPT_INDENT_2))
    except OSError as error:
        raise RunError(f"cannot write the search {path} ({error.strerror}): free space and run again") from error


def _path(folder: Path, search: KeptSearch) -> Path:
    return folder / "searches" / f"{search.name}.json"
