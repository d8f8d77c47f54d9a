"""Samples that a program holds: arrays, tensors, batches of them, or a function that makes them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from genharness.errors import ConfigError, DataError, GenharnessError, shown
from genharness.files.free_memory import free_memory
from genharness.files.paths import expanded, input_path, printable
from genharness.images import SampleFile
from genharness.images.draw import SeededDraw
from genharness.images.samples import samples_of_array
from genharness.images.stored.opening import labelled_file
from genharness.plugin.blame import one_line

__all__ = ["Samples", "as_array", "as_classes", "held_reference", "held_samples", "made", "somebodys_code"]

T = TypeVar("T")

Samples = Any
"""An array or tensor `(n, ...)`, a path, an iterable of batches, or a function of a count that returns a batch."""

BATCH = 250
"""Samples asked of a function at a time."""
_MOST_EMPTY = 1000
"""Batches without a sample in a row; whoever makes more makes them for ever."""


def held_samples(
    samples: Samples, *, count: int | None, labels: Any, where: str, draw: SeededDraw | None = None
) -> SampleFile | str:
    """Return samples in memory; a path stays one, as text.

    Args:
        samples: See `Samples`.
        count: How many a function is asked for, or an iterable at most; of others all are taken here.
        labels: Classes `(n,)`, or None.
        where: What to call them in messages.
        draw: Which samples are wanted of an array, if not all: of one that memory cannot hold they alone are taken.

    Raises:
        ConfigError: If a function is given and no count.
        DataError: If they are no images or rows, by the rules of files.
    """
    if isinstance(samples, str | os.PathLike):
        return os.fspath(samples)
    of = None if labels is None else as_classes(labels, f"{where}: labels")
    held = samples_of_array(_one_array(samples, count, where), of, where, draw=draw)
    return replace(held, column_names=_column_names(samples)) if held.samples.ndim == 2 else held


def _column_names(samples: Samples) -> tuple[str, ...]:
    """Return the names of a data frame's columns; of anything else none."""
    names = getattr(samples, "columns", ())
    return tuple(map(str, names)) if _is_array(samples) and isinstance(names, Iterable) else ()


def held_reference(reference: Samples, draw: SeededDraw | None = None) -> SampleFile | Path:
    """Return what samples are compared with, in memory or as the path that it is.

    Args:
        reference: See `Samples`.
        draw: As `held_samples` takes it.

    Raises:
        DataError: As `held_samples`, and if there is no such path.
    """
    held = held_samples(reference, count=None, labels=None, where="reference", draw=draw)
    if isinstance(held, SampleFile):
        return held
    path = input_path(held)
    if path is None and labelled_file(expanded(held))[1]:
        return expanded(held)
    if path is None:
        raise DataError(f"{printable(held)} does not exist: check the path")
    return path


def _one_array(samples: Samples, count: int | None, where: str) -> NDArray[Any]:
    if _is_array(samples):
        return as_array(samples, where)
    if callable(samples):
        if count is None:
            raise ConfigError(f"{where} is a function: say with count how many samples it is asked for")
        return _joined(_drawn(samples, count), count, where)
    if isinstance(samples, Iterable) and not isinstance(samples, Mapping):
        return _joined(samples, count, where)
    raise DataError(f"{where} is {type(samples).__name__}: give an array, a path, batches, or a function of a count")


def _is_array(samples: object) -> bool:
    return isinstance(samples, np.ndarray) or hasattr(samples, "detach") or hasattr(samples, "__array__")


def _drawn(draw: Callable[[int], Any], count: int) -> Iterable[Any]:
    for start in range(0, count, BATCH):
        yield draw(min(BATCH, count - start))


def _joined(batches: Iterable[Any], count: int | None, where: str) -> NDArray[Any]:
    """Return batches as one array, no more than `count` of their samples."""
    parts: list[NDArray[Any]] = []
    have = held = empty = 0
    room = free_memory() // 2  # joining them takes as much again
    for number, batch in enumerate(made(batches, where)):
        part = as_array(batch, f"{where}: batch {number}")
        if part.ndim < 2 or (parts and part.shape[1:] != parts[0].shape[1:]):
            raise DataError(f"{where}: batch {number} has shape {part.shape}: give batches (n, ...) of one shape")
        part = part if count is None else part[: count - have]
        empty = 0 if len(part) else empty + 1
        have, held = have + len(part), held + part.nbytes
        if held > room:
            raise DataError(f"{where}: {have:,} samples take more than half of the free memory: {_FEWER}")
        if empty > _MOST_EMPTY:
            raise DataError(f"{where} gave {empty:,} batches without a sample, one after the other")
        if len(part) or not parts:
            parts.append(part)
        if count is not None and have >= count:
            break
    if not parts:
        raise DataError(f"{where} holds no samples")
    if count is not None and have < count:
        raise DataError(f"{where} gave {have:,} samples, and {count:,} were asked for")
    return np.concatenate(parts)


_FEWER = "say with count how many are to be taken, or give them as uint8"


def made(batches: Iterable[T], where: str) -> Iterator[T]:
    """Yield what somebody's code makes.

    Raises:
        DataError: For what it raises.
    """
    with somebodys_code(f"{where} could not be made"):
        yield from batches


def as_array(values: Any, where: str) -> NDArray[Any]:
    """Return an array of what numpy or torch holds, wherever it is; torch is not imported for it.

    Args:
        values: An array, a tensor, or what numpy makes an array of.
        where: What to call it in messages.

    Raises:
        DataError: If it is none (sparse, ragged, without data), or values of it are masked.
    """
    with somebodys_code(f"{where} cannot be taken as an array"):
        if np.ma.is_masked(values):
            raise DataError(f"{where} has masked values, which would count as those under the mask: fill them first")
        return np.asarray(_of_tensor(values) if hasattr(values, "detach") else values)


def as_classes(labels: Any, where: str) -> NDArray[Any]:
    """Return labels as `as_array` does; words and numbers that are held as objects, as pandas holds them, as such.

    Raises:
        DataError: As `as_array`, and if objects are not all words, or all numbers.
    """
    found = as_array(labels, where)
    if found.dtype.kind not in "OT" or not found.size:
        return found
    found = found.astype(object)  # from numpy's words of any length there is no other way
    kind, dtype = (str, np.str_) if isinstance(found.flat[0], str) else (_NUMBERS, np.float64)
    other = next((place for place, label in enumerate(found.flat) if not isinstance(label, kind)), None)
    if other is not None:
        raise DataError(
            f"{where}: entry {other + 1} is {shown(found.flat[other])}: give words, or whole numbers from 0"
        )
    return found.astype(dtype)


_NUMBERS = (int, float, np.number)


def _of_tensor(tensor: Any) -> Any:
    tensor = tensor.detach().cpu().resolve_conj().resolve_neg()
    if str(tensor.dtype) == "torch.bfloat16":  # numpy has none
        tensor = tensor.float()
    return tensor.numpy()


@contextlib.contextmanager
def somebodys_code(what: str) -> Iterator[None]:
    """Say in one line of what samples are made by, such as a function or an iterator, why it gives none.

    Raises:
        DataError: For whatever else is raised, from which it is raised.
    """
    try:
        yield
    except GenharnessError:
        raise
    except (Exception, SystemExit) as error:
        raise DataError(f"{what} ({one_line(error)})") from error
