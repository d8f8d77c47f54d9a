"""Ids of very many cells: what they share is written once, so that half a million are named in seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from genharness.spec.cell import KNOWN_ID, KNOWN_TRAINING, Cell
from genharness.spec.protocol import HASH_DIGITS, canonical_json

__all__ = ["CellNames"]

_FIELDS = tuple(item.name for item in fields(Cell))
_SHARED = ("options", "sampling", "code", "protocol")
"""What is large, and the same object in many cells."""


class CellNames:
    """Gives the cells of several seeds their names: the hashes that `Cell.id` and `Cell.training_id` would compute."""

    def __init__(self) -> None:
        self._written: dict[Any, tuple[object, str]] = {}

    def with_seeds(self, cell: Cell, seeds: Sequence[int]) -> list[Cell]:
        """Return the cell once for each seed, its names known.

        Args:
            cell: With any seed.
            seeds: Training seeds.
        """
        stem = cell.stem.removesuffix(str(cell.seed))
        by_id, by_training = (self._before_seed(cell, one) for one in (cell.identity, cell.training_identity))
        values = {name: getattr(cell, name) for name in _FIELDS}
        named = []
        for seed in seeds:
            values["seed"] = seed
            end = f"{seed}}}".encode()
            values[KNOWN_ID] = f"{stem}{seed}-{_finished(by_id, end)}"
            values[KNOWN_TRAINING] = f"{stem}{seed}-{_finished(by_training, end)}"
            named.append(_made(values))
        return named

    def _before_seed(self, cell: Cell, identity: Mapping[str, Any]) -> Any:
        """Return the hash of a canonical JSON up to its last value, which is the seed."""
        names = sorted(identity)
        assert names[-1] == "seed"  # of the fields of a cell the last one by name, and none of the user's stands here
        parts = [f'"{name}":{self._text(cell, name, identity[name])}' for name in names[:-1]]
        return hashlib.sha256(("{" + ",".join(parts) + ',"seed":').encode())

    def _text(self, cell: Cell, name: str, value: Any) -> str:
        shared = name in _SHARED and not isinstance(value, str) and not cell.inputs
        source = getattr(cell, name) if shared else value
        if not shared and not isinstance(value, (str, int, float, type(None))):
            return canonical_json(value)
        key = (name, id(source)) if shared else (type(value), value)
        if key not in self._written:
            self._written[key] = source, canonical_json(value)  # the source is kept: its id is not given away
        return self._written[key][1]


def _made(values: Mapping[str, Any]) -> Cell:
    """Return a cell made field by field, which keeps it a quarter of the size that a copied dictionary would have."""
    made, put = object.__new__(Cell), object.__setattr__
    for name, value in values.items():
        put(made, name, value)
    return made


def _finished(begun: Any, end: bytes) -> str:
    whole = begun.copy()
    whole.update(end)
    digest: str = whole.hexdigest()
    return digest[:HASH_DIGITS]
