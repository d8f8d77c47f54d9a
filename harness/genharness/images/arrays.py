"""What the arrays of a .npz are by their names: samples, labels, statistics, and of which split.

Names are read without regard to case and signs: `x_train`, `train_images`, `X-train` and `xtrain` are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from genharness.errors import DataError
from genharness.files.paths import printable
from genharness.images.names import first_of
from genharness.images.tensors import load_npz

__all__ = ["STATISTICS", "UNITS", "SampleArrays", "arrays_of", "label_array", "sort_arrays"]

_SAMPLES = ("images", "image", "samples", "arr_0", "x", "data", "imgs", "img", "rows", "features", "feats", "")
_LABELS = (
    *("labels", "label", "y", "targets", "target", "classes", "class", "class_labels", "category", "cls"),
    *("fine_labels", "fine_label", "arr_1"),
)
"""Of several names the first counts."""
_SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test"} | dict.fromkeys(
    ("val", "valid", "validation", "dev"), "validation"
)
STATISTICS: Mapping[str, frozenset[str]] = {
    "mean": frozenset({"mu", "mean"}),
    "covariance": frozenset({"sigma", "cov", "covariance"}),
}
"""Names under which pytorch-fid, clean-fid, ADM and others keep the moments of features."""
_BESIDE = frozenset({"mu_s", "sigma_s", "count", "protocol"})
"""Arrays that go with statistics."""
UNITS = "units"
"""Name of the word that says in which units rows are: `raw` or `standard`, as `genharness sample` writes it."""


@dataclass(frozen=True, kw_only=True)
class SampleArrays:
    """The arrays of a .npz by what they are.

    Attributes:
        samples: Name of the samples of each split; the split is empty where the file has none.
        labels: Name of the labels of each split that has some.
        statistics: Names of mean and covariance, empty where there are none.
        unused: Names that say nothing, or of which another was taken.
    """

    samples: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    statistics: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of the arrays: what was taken for labels or samples, and what is not used."""
        return (*dict.fromkeys(f"labels: the array {printable(name)}" for name in self.labels.values()), *self.not_used)

    @property
    def not_used(self) -> tuple[str, ...]:
        """What is to be said of the arrays that are not used."""
        told = "(an array of labels is called labels)"
        unused = [f"not used: {first_of(self.unused)} {told}"] if self.unused else []
        if self.samples and self.statistics:
            unused += [f"the samples are taken, and not the statistics beside them: {first_of(self.statistics)}"]
        return tuple(unused)


def sort_arrays(arrays: Mapping[str, NDArray[Any]], where: str, *, any_name: bool = False) -> SampleArrays:
    """Return what the arrays of a .npz are.

    Args:
        arrays: By name.
        where: What to call the file in messages.
        any_name: Whether the only array that can be samples is taken for them, whatever it is called.

    Raises:
        DataError: If none holds samples or statistics; the message lists the names, or the shapes of what is called as
            statistics are and cannot be some.
    """
    roles = {name: _role(name, array) for name, array in arrays.items()}
    statistics = tuple(name for name, (kind, _) in roles.items() if kind in STATISTICS)
    statistics = statistics if {roles[name][0] for name in statistics} == STATISTICS.keys() else ()
    samples = _best(roles, "samples", _SAMPLES)
    if not samples and not statistics:
        _refuse_odd_statistics(arrays, where)
    if not samples and any_name and not statistics:
        samples = _only_one(arrays, roles)
    if not samples and not statistics:
        raise DataError(
            f"{where} has no array called images: it holds {first_of(list(arrays)) or 'nothing'}: call the arrays "
            "images and labels, or x_train, y_train, x_test and y_test"
        )
    labels = {split: name for split, name in _best(roles, "labels", _LABELS).items() if split in samples}
    labels = {split: name for split, name in labels.items() if _may_label(arrays, name, samples[split])}
    used = {*samples.values(), *labels.values(), *statistics, *({UNITS} if UNITS in arrays else ())}
    unused = tuple(name for name in arrays if name not in used and _plain(name) not in (_BESIDE if statistics else ()))
    return SampleArrays(samples=samples, labels=labels, statistics=statistics, unused=unused)


def arrays_of(path: Path) -> SampleArrays:
    """Return what the arrays of a file are: nothing where it is no .npz.

    Raises:
        DataError: If it is a .npz that cannot be read.
    """
    if not path.is_file() or path.suffix.lower() != ".npz":
        return SampleArrays()
    return sort_arrays(load_npz(path), str(path), any_name=True)


def label_array(arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any] | None:
    """Return the labels of a .npz that was saved for them: by their name, or the only array there is; else None."""
    roles = {name: _role(name, array) for name, array in arrays.items()}
    found = _best(roles, "labels", _LABELS).values()
    names = list(found) or (list(arrays) if len(arrays) == 1 else [])
    return arrays[names[0]] if names else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _role(name: str, array: NDArray[Any]) -> tuple[str, str]:
    """Return what an array is by its name, and its split: `samples`, `labels`, `mean`, `covariance` or nothing."""
    plain, split = _plain(name), ""
    for kind, names in STATISTICS.items():
        if plain in names and array.ndim == (1 if kind == "mean" else 2):
            return kind, ""
    form = _OF_SPLIT.fullmatch(plain)
    if form is not None:
        split, plain = _SPLITS[form["split"]], form["before"] or form["after"] or ""
    if plain in _SAMPLES and (plain or split):
        return "samples", split
    return ("labels", split) if plain in _LABELS else ("", "")


_SPLIT_WORDS = "|".join(sorted(_SPLITS, key=len, reverse=True))
_OF_SPLIT = re.compile(rf"(?:(?P<before>[a-z0-9_]*?)_?)(?P<split>{_SPLIT_WORDS})(?:_?(?P<after>[a-z0-9_]*))")


def _best(roles: Mapping[str, tuple[str, str]], kind: str, order: Sequence[str]) -> dict[str, str]:
    """Return the name to take of each split, that which comes first in an order."""
    found: dict[str, list[str]] = {}
    for name, (role, split) in roles.items():
        if role == kind:
            found.setdefault(split, []).append(name)
    return {split: min(names, key=lambda name: _place(name, order)) for split, names in found.items()}


def _place(name: str, order: Sequence[str]) -> int:
    plain = _plain(name)
    return order.index(plain) if plain in order else len(order)


def _refuse_odd_statistics(arrays: Mapping[str, NDArray[Any]], where: str) -> None:
    """Refuse a mean and a covariance of shapes that these do not have: one of them would be taken for samples."""
    named = [[name for name in arrays if _plain(name) in names] for names in STATISTICS.values()]
    if all(named):
        found = " and ".join(f"{printable(name)} {arrays[name].shape}" for names in named for name in names[:1])
        raise DataError(f"{where} holds {found}, which are no statistics: a mean has shape (d,), a covariance (d, d)")


def _only_one(arrays: Mapping[str, NDArray[Any]], roles: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return the one array that can be samples, whatever it is called."""
    large = [name for name, array in arrays.items() if array.ndim >= 2 and not roles[name][0]]
    if len(arrays) == 1:
        large = list(arrays)
    return {"": large[0]} if len(large) == 1 else {}


def _may_label(arrays: Mapping[str, NDArray[Any]], name: str, samples: str) -> bool:
    """Whether an array is to be taken for labels; `arr_1` only if it looks so: it may be another set of samples."""
    if _plain(name) != "arr_1":
        return True
    array = arrays[name]
    return array.ndim in (1, 2) and len(array) == len(arrays[samples])
