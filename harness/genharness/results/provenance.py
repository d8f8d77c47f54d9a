"""What results were made by, held against what there is now: code, files that options name, data.

A cell's id has the code that decides what is trained, a record the code behind each metric's scores. What differs is
told in words that a plan and a leaderboard show, such as `code of dcgan changed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from genharness.errors import GenharnessError, RunError
from genharness.identity.closure import SourceTree
from genharness.identity.contents import inputs_of
from genharness.identity.parts import Core, core_code, drawing_code, registered_code, training_code
from genharness.plugin.registry import Kind, Registry
from genharness.spec.cell import KNOWN, Cell
from genharness.spec.record import Record

__all__ = [
    "UNKNOWN_CODE",
    "Differences",
    "Provenance",
    "changed_files",
    "differences",
    "other_code",
    "refuse_changed",
]

UNKNOWN_CODE = "made before code was part of a result's identity"


@dataclass(frozen=True)
class Differences:
    """In what two cells differ that were asked for alike.

    Attributes:
        code: What is other code, a line each.
        content: What has other content: files, data.
    """

    code: tuple[str, ...] = ()
    content: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """All of them."""
        return self.code + self.content


def differences(before: Cell, now: Cell) -> Differences | None:
    """Return how a cell differs from an earlier one that was asked for alike, or None where it was not.

    Data that are not prepared yet, or were not then, differ in nothing that is known.
    """
    if _asked(before) != _asked(now):
        return None
    code = [_code_words(of, now.model) for of, digest in now.code.items() if before.code.get(of) != digest]
    named = now.every_option
    contents = [_content_words(named[name]) for name in now.inputs if now.inputs[name] != before.inputs.get(name)]
    one, other = before.protocol, now.protocol
    contents += [_content_words(name) for name in other.inputs if other.inputs[name] != one.inputs.get(name)]
    if one.dataset_hash and other.dataset_hash and one.dataset_hash != other.dataset_hash:
        contents.append(_content_words(now.dataset))
    return Differences(tuple(code) if before.code else (UNKNOWN_CODE,), tuple(contents))


def _code_words(of: str, model: str) -> str:
    return f"code of {_owner(of, model)} changed"


def _content_words(what: object) -> str:
    return f"content of {what} changed"


_NOT_ASKED = frozenset({"code", "inputs", "plugins", *KNOWN})


def _asked(cell: Cell) -> dict[str, Any]:
    """Return all that a user asked for in a cell."""
    protocol = {name: value for name, value in vars(cell.protocol).items() if name not in ("inputs", "dataset_hash")}
    asked = {name: value for name, value in vars(cell).items() if name not in _NOT_ASKED}
    return {**asked, "options": cell.every_option, "sampling": {}, "protocol": protocol}


class Provenance:
    """Says of results whether the code that made them is the code that is installed.

    Args:
        registry: What is installed. What a result was made by and is not installed cannot be compared.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._tree = SourceTree()
        self._known: dict[str, str] = {}
        self._found: dict[bytes, list[str]] = {}

    def of_training(self, record: Record) -> list[str]:
        """Return what changed of the code that decided what was trained; nothing of samples made elsewhere."""
        cell = record.cell
        if record.source != "trained" or cell.model not in self._registry.models:
            return []
        if not cell.code:
            return [UNKNOWN_CODE]
        now = {"model": self._digest(f"model {cell.model}"), "training": self._digest("training")}
        return [_code_words(of, cell.model) for of, digest in now.items() if digest not in ("", cell.code.get(of))]

    def of_scores(self, record: Record, metrics: Iterable[str] | None = None) -> dict[str, list[str]]:
        """Return what changed of the code behind scores, by metric; metrics of which nothing did are left out.

        Args:
            record: Of a finished cell.
            metrics: Only these; all that it has numbers of when None.
        """
        wanted = record.code if metrics is None else [name for name in metrics if self._has_numbers(record, name)]
        known = record.code if record.code or record.cell.code else {name: {} for name in wanted}  # told of the cell
        found = {name: self._changed(known.get(name)) for name in wanted}
        return {name: lines for name, lines in found.items() if lines}

    def of_record(self, record: Record) -> list[str]:
        """Return all that changed, each once."""
        key = orjson.dumps([record.source, record.cell.model, record.cell.code, record.code])
        if key not in self._found:  # ten thousand records are of a few states of code
            lines = self.of_training(record)
            lines += [line for changed in self.of_scores(record).values() for line in changed]
            self._found[key] = list(dict.fromkeys(lines))
        return self._found[key]

    def _has_numbers(self, record: Record, metric: str) -> bool:
        spec = self._registry.metrics.get(metric)
        return spec is not None and any(column.key in record.scores for column in spec.columns)

    def _changed(self, code: Mapping[str, str] | None) -> list[str]:
        if code is None:
            return [UNKNOWN_CODE]
        return [_code_words(of, "") for of, digest in code.items() if self._digest(of) not in ("", digest)]

    def _digest(self, of: str) -> str:
        """Return the digest of what is installed, such as `extractor inception`; empty where it is not installed."""
        if of not in self._known:
            try:
                self._known[of] = self._looked_up(of)
            except GenharnessError:
                self._known[of] = ""
        return self._known[of]

    def _looked_up(self, of: str) -> str:
        kinds: dict[str, Kind[Any]] = {
            "model": self._registry.models,
            "metric": self._registry.metrics,
            "extractor": self._registry.extractors,
        }
        word, _, name = of.partition(" ")
        cores: dict[str, Core] = {"training": "training", "sampling": "sampling"}
        if of in cores:
            return core_code(cores[of], self._tree).digest
        if word == "sampler":
            return drawing_code(self._registry, name, self._tree)
        return registered_code(kinds[word], name, self._tree).digest if word in kinds else ""


def refuse_changed(cell: Cell, registry: Registry) -> None:
    """Refuse to train a cell whose code or files are others than when it was planned.

    Raises:
        RunError: If they are; the result would be filed under what it was not made by.
    """
    now = training_code(registry, cell.model) if cell.code else {}
    changed = [f"code of {_owner(of, cell.model)}" for of in now if now[of] != cell.code.get(of)]
    changed += [f"content of {path}" for path in changed_files(cell)]
    if changed:
        raise RunError(f"{' and '.join(changed)} changed since this run was planned: run again")


def changed_files(cell: Cell) -> list[str]:
    """Return the paths among a cell's options that name other content now."""
    planned = {**{(cell.model, name): one for name, one in cell.inputs.items()}, **_split(cell.protocol.inputs)}
    options = {**cell.protocol.metric_options, cell.protocol.extractor: cell.protocol.extractor_options}
    options[cell.model] = cell.every_option
    paths = {options.get(owner, {}).get(name): content for (owner, name), content in planned.items()}
    return [
        str(path)
        for path, content in paths.items()
        if path is not None and inputs_of({"path": path}).get("path", "") != content
    ]


def other_code(before: Record, now: Record) -> list[str]:
    """Return what differs of the code behind two records of the same cell, as far as both know it."""
    model = before.cell.model
    lines = [_code_words(of, model) for of, one in before.cell.code.items() if now.cell.code.get(of, one) != one]
    for metric, code in before.code.items():
        lines += [_code_words(of, model) for of, one in code.items() if now.code.get(metric, {}).get(of, one) != one]
    return list(dict.fromkeys(lines))


def _split(inputs: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Return contents by plugin and option."""
    return {(name.partition(".")[0], name.partition(".")[2]): content for name, content in inputs.items()}


def _owner(of: str, model: str) -> str:
    """Return whose code a digest is of, in words."""
    return {"model": model, "training": "genharness's training", "sampling": "genharness's sampling"}.get(of, of)
