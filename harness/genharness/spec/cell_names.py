"""Ids of very many cells: what they share is written once, so that half a million are named in seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from genharness.spec.cell import KNOWN_ID, KNOWN_TRAINING, Cell
from genharness.spec.protocol import HASH_DIGITS, canonical_json

__all__ = ["CellNames", "NamedRow"]

_SHARED = ("options", "sampling", "code", "protocol")
"""What is large, and the same object in many cells."""


class CellNames:
    """Gives the cells of several seeds their names: the hashes that `Cell.id` and `Cell.training_id` would compute."""

    def __init__(self) -> None:
        self._written: dict[Any, tuple[object, str]] = {}

    def of(self, cell: Cell) -> NamedRow:
        """Return a cell, of any seed, as what its seeds are made of."""
        whole, training = cell.identity, cell.training_identity
        texts = {name: self._text(cell, name, value) for name, value in whole.items()}
        same = {
            name: texts[name] if training[name] is whole[name] else self._text(cell, name, training[name])
            for name in training
        }
        return NamedRow(cell, _before_seed(texts), _before_seed(same))

    def _text(self, cell: Cell, name: str, value: Any) -> str:
        shared = name in _SHARED and not isinstance(value, str) and not cell.inputs
        source = getattr(cell, name) if shared else value
        if not shared and not isinstance(value, (str, int, float, type(None))):
            return canonical_json(value)
        key = (name, id(source)) if shared else (type(value), value)
        if key not in self._written:
            self._written[key] = source, canonical_json(value)  # the source is kept: its id is not given away
        return self._written[key][1]


class NamedRow:
    """A cell but for its seed.

    Attributes:
        key: Tells it from cells that are others with the same seed.
        training_key: Likewise its training.
    """

    __slots__ = ("_by_id", "_by_training", "_cell", "_stem", "key", "training_key")

    def __init__(self, cell: Cell, by_id: Any, by_training: Any) -> None:
        self._cell, self._by_id, self._by_training = cell, by_id, by_training
        self._stem = cell.stem.removesuffix(str(cell.seed))
        self.key, self.training_key = by_id.digest(), by_training.digest()

    def cell(self, seed: int) -> Cell:
        """Return the cell of a training seed, its names known."""
        text = str(seed)
        begin, end = f"{self._stem}{text}-", f"{text}}}".encode()
        made = object.__new__(Cell)
        values = vars(made)
        values.update(vars(self._cell))  # of a new cell the dictionary shares its keys with those of all others
        values["seed"] = seed
        values[KNOWN_ID] = begin + _finished(self._by_id, end)
        values[KNOWN_TRAINING] = begin + _finished(self._by_training, end)
        return made


def _before_seed(texts: Mapping[str, str]) -> Any:
    """Return the hash of a canonical JSON up to its last value, which is the seed."""
    names = sorted(texts)
    assert names[-1] == "seed"  # of the fields of a cell the last one by name, and none of the user's stands here
    parts = [f'"{name}":{texts[name]}' for name in names[:-1]]
    return hashlib.sha256(f'{{{",".join(parts)},"seed":'.encode())


def _finished(begun: Any, end: bytes) -> str:
    whole = begun.copy()
    whole.update(end)
    digest: str = whole.hexdigest()
    return digest[:HASH_DIGITS]
