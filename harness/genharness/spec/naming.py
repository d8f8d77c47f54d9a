"""Which settings tell variants of one thing apart, so that a name holds what differs and nothing else."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from genharness.spec.protocol import canonical_json

__all__ = [
    "changed_settings",
    "differing_settings",
    "setting_text",
    "setting_word",
    "setting_words",
    "single_differences",
]

_DECIDES = "budget"
"""A recipe makes many settings of a budget: where budgets differ, what follows from them is not named."""


def differing_settings(variants: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the settings in which variants differ, in their order.

    Where they differ in their budget, settings that are equal within every budget are left out: naming the budget says
    them.

    Args:
        variants: All settings of each; some may lack what others have.
    """
    names = dict.fromkeys(name for one in variants for name in one)
    found = [name for name in names if _differ([one.get(name, _ABSENT) for one in variants])]
    if _DECIDES not in found:
        return found
    written = [{name: _written(value) for name, value in one.items()} for one in variants]
    budgets = {one.get(_DECIDES) for one in written}
    return [name for name in found if name == _DECIDES or _varies_within(name, written, len(budgets))]


def changed_settings(names: Sequence[str], one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the settings in which two variants differ.

    Args:
        names: Those in which all variants differ, of `differing_settings`: of two alone nobody can say what follows
            from their budgets.
        one: All settings of a variant.
        other: Of the other.
    """
    return [name for name, a, b in zip(names, _row(names, one), _row(names, other), strict=True) if a != b]


def single_differences(variants: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return of each variant how many others differ from it in one of the settings in which all differ.

    They are counted setting by setting, by what they are without it, so that thousands take no time.
    """
    names = differing_settings(variants)
    rows = [_row(names, one) for one in variants]
    places = range(len(names))
    like = Counter((at, row[:at], row[at + 1 :]) for row in rows for at in places)
    equal = Counter(rows)
    return [sum(like[at, row[:at], row[at + 1 :]] - equal[row] for at in places) for row in rows]


def _row(names: Sequence[str], one: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_written(one[name]) if name in one else "" for name in names)


_ABSENT = object()
_ALIKE_WHERE_EQUAL = (str, int, bool, type(None))
"""Kinds of values that are written alike where they are equal, and most settings are; 0.0 and -0.0 are not."""


def _differ(values: Sequence[object]) -> bool:
    first = values[0]
    if type(first) in _ALIKE_WHERE_EQUAL and all(type(one) is type(first) and one == first for one in values):
        return False
    return len({None if one is _ABSENT else _written(one) for one in values}) > 1


def _written(value: object) -> str:
    """Return text that is equal for equal settings alone; most are plain, and boards have a hundred thousand."""
    if isinstance(value, str):
        return f'"{value}'
    return repr(value) if value is None or isinstance(value, (bool, int, float)) else canonical_json(value)


def _varies_within(name: str, written: Sequence[Mapping[str, str]], budgets: int) -> bool:
    return len({(one.get(_DECIDES), one.get(name)) for one in written}) > budgets


_LONGEST, _SHOWN = 200, 60
"""Characters of a value that a name holds whole, and of a longer one: a record from elsewhere may have a million."""


def setting_word(value: object) -> object:
    """Return the value of a setting as names hold it: of several words `colour,cutout`, of an empty list `none`.

    Of what is longer than a name can be, that is the beginning and a digest, which tells it from others.
    """
    word = (",".join(map(str, value)) or "none") if isinstance(value, (list, tuple)) else value
    if isinstance(word, str) and len(word) > _LONGEST:
        digest = hashlib.sha256(word.encode(errors="surrogatepass")).hexdigest()[:8]
        return f"{word[:_SHOWN]}…{digest}"
    return word


def setting_text(value: object) -> str:
    """Return the value of a setting where it stands by itself, as in a column: as names hold it, and `none` of None."""
    return "none" if value is None else str(setting_word(value))


def setting_words(settings: Mapping[str, object]) -> list[str]:
    """Return settings as names hold them: `lr=0.001`, `diffaugment=none`."""
    return [f"{name}={setting_word(value)}" for name, value in settings.items()]
