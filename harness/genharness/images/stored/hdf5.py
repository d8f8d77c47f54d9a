"""HDF5 files of arrays: images and labels, of one set or of splits (`x_train`, or a group `train`).

Only arrays that lie in the file itself are read: links to other files, external and virtual storage are refused, and
objects, which would be unpickled, are no arrays. h5py is imported when such a file is opened.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import DataError, reason
from genharness.files.archives import ALLOWANCE_BYTES, MAX_RATIO
from genharness.files.packages import needed
from genharness.files.paths import printable
from genharness.images.arrays import sort_arrays
from genharness.images.names import first_of
from genharness.images.stored.pieces import PIECE_BYTES, Kind, Piece, StoredSet, one_of

__all__ = ["open_hdf5"]

_LINK = "a link, which is never followed: save the array itself"
_MOST_ARRAYS = 10_000
_MOST_SAMPLE_BYTES = 1 << 30


@dataclass(frozen=True)
class _Shape:
    """What `sort_arrays` asks of an array, without its values.

    Attributes:
        shape: Of the array.
        dtype: Of its values.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.float64))

    def __len__(self) -> int:
        return self.shape[0] if self.shape else 0


def open_hdf5(path: Path, samples: str = "", label: str = "") -> dict[str, StoredSet]:
    """Return the samples of each split; the split is empty where the file has none.

    Args:
        path: The file.
        samples: Array of the samples (groups joined by dots), of a file without splits; empty for the usual names.
        label: Array of the labels, likewise.

    Raises:
        DataError: If it is damaged, hostile, or holds no array that can be samples.
        ConfigError: If h5py is not installed.
    """
    with _open(path) as file:
        members = dict(sorted(_arrays(path, file)))
    known: Mapping[str, Any] = {name: array for name, array in members.items() if isinstance(array, _Shape)}
    links = [name for name, array in members.items() if array is _LINK]
    unusable = {name: why for name, why in members.items() if isinstance(why, str)}
    wrong = next((one for one in (samples, label) if one in unusable), "" if samples else next(iter(links), ""))
    if wrong:
        raise DataError(f"{path}: {printable(wrong)} is {unusable[wrong]}, or name another as a dataset, h5:PATH#NAME")
    unused: tuple[str, ...] = ()
    if samples:
        one_of(samples, list(known), str(path), "array")
        if label:
            one_of(label, list(known), str(path), "array")
        found = {"": (samples, label or _beside(known, samples))}
    else:
        sorted_ = sort_arrays(known, str(path), any_name=True)
        labels = {"": label} if label and one_of(label, list(known), str(path), "array") else sorted_.labels
        found = {split: (name, labels.get(split, "")) for split, name in sorted_.samples.items()}
        unused = replace(sorted_, unused=tuple(name for name in sorted_.unused if name != label)).not_used
    if not found:
        raise DataError(f"{path} holds statistics, no samples")
    notes = [f"not followed, as links never are: {first_of(links)}"] if links else []
    notes += unused
    return {split: _stored(path, known, *names, notes) for split, names in found.items()}


def _beside(arrays: Mapping[str, Any], samples: str) -> str:
    """Return the array of labels in the group that samples lie in; empty where there is none."""
    group = samples.rpartition(".")[0]
    near = {name: array for name, array in arrays.items() if name.rpartition(".")[0] == group and name != samples}
    short = {name.rpartition(".")[2]: name for name in near}
    found = sort_arrays({"images": arrays[samples], **{key: near[name] for key, name in short.items()}}, samples)
    return short.get(found.labels.get("", ""), "")


def _stored(path: Path, arrays: Mapping[str, Any], samples: str, label: str, notes: Sequence[str]) -> StoredSet:
    count = len(arrays[samples])
    if arrays[samples].dtype.kind == "S":
        raise DataError(f"{path}: {printable(samples)} holds words: name an array of numbers, h5:PATH#NAME")
    if not count:
        raise DataError(f"{path}: {printable(samples)} holds no samples")
    if label and arrays[label].shape[:1] != (count,):
        told = f"{path}: {printable(label)} has shape {arrays[label].shape} for the {count:,} samples of"
        raise DataError(f"{told} {printable(samples)}: name their labels, h5:PATH#{printable(samples)},label=NAME")
    kind: Kind = "rows" if arrays[samples].ndim == 2 else "arrays"
    taken = [f"samples: the array {printable(samples)}", *([f"labels: the array {printable(label)}"] if label else [])]
    return StoredSet(f"{path}#{samples}", kind, lambda: _pieces(path, samples, label), notes=[*taken, *notes])


def _pieces(path: Path, samples: str, label: str) -> Iterator[Piece]:
    with _open(path) as file:
        array = file[samples.replace(".", "/")]
        labels = file[label.replace(".", "/")] if label else None
        if labels is not None and labels.dtype.kind == "O":  # words of any length, which h5py writes by itself
            labels = labels.asstr("utf-8", "replace")
        step = max(1, PIECE_BYTES // max(array.dtype.itemsize * int(np.prod(array.shape[1:])), 1))
        for start in range(0, array.shape[0], step):
            part = slice(start, start + step)
            values = np.asarray(array[part])
            names = [f"{samples}[{start + place}]" for place in range(len(values))]
            yield Piece(names, values, None if labels is None else _plain(np.asarray(labels[part])))


def _plain(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels `(n,)` of a column or of one-hot rows; words as text."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    elif labels.ndim == 2 and np.isin(labels, (0, 1)).all() and (labels.sum(1) == 1).all():
        labels = labels.argmax(1)
    return np.char.decode(labels, "utf-8", "replace") if labels.dtype.kind == "S" else labels


@contextlib.contextmanager
def _open(path: Path) -> Iterator[Any]:
    """Open a file, and say why it cannot be read."""
    h5py = needed("h5py", "h5")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (DataError, GeneratorExit):
        raise
    except PermissionError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): check its permissions") from error
    except Exception as error:  # a damaged file may raise anything from HDF5's readers
        raise DataError(f"{path} is damaged or no HDF5 file ({reason(error)}): save it again") from error


def _arrays(path: Path, group: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, _Shape | str]]:
    """Yield name, shape and type of every array, or what it is that cannot be used, groups joined by dots."""
    h5py = needed("h5py", "h5")
    if depth > 8 or len(group) > _MOST_ARRAYS:
        raise DataError(f"{path} holds too many groups and arrays to be a set of samples")
    for key in group:
        name = f"{prefix}{key}"
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            yield name, _LINK
            continue
        member = group[key]
        if isinstance(member, h5py.Group):
            yield from _arrays(path, member, f"{name}.", depth + 1)
        elif isinstance(member, h5py.Dataset) and member.shape:
            _refuse_harmful(path, name, member)
            if h5py.check_string_dtype(member.dtype):
                yield name, _Shape(member.shape, np.dtype("S1"))
            elif member.dtype.kind in "iufb":
                yield name, _Shape(member.shape, member.dtype)
            else:
                kind = "values of any length" if member.dtype.kind == "O" else str(member.dtype)[:40]
                yield name, f"of {kind}, and neither numbers nor words: save numbers of one size"
        elif isinstance(member, h5py.Dataset):
            yield name, "a single value: save an array of samples"


def _refuse_harmful(path: Path, name: str, array: Any) -> None:
    if array.external or array.is_virtual:
        raise DataError(f"{path}: {printable(name)} is stored in other files, which are never opened: save it whole")
    sample = array.dtype.itemsize * int(np.prod(array.shape[1:], dtype=np.float64))
    if sample > _MOST_SAMPLE_BYTES:
        raise DataError(f"{path}: {printable(name)} claims {sample:,} bytes a sample")
    if array.nbytes > array.id.get_storage_size() * MAX_RATIO + ALLOWANCE_BYTES:
        raise DataError(f"{path}: {printable(name)} is out of all proportion to the file: nothing was imported")
