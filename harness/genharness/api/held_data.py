"""Datasets that a program holds, as `genharness.run(datasets={"mine": ...})` is given them, prepared under a name.

The name ends in a digest of the content, `array:mine-3f2a9c1b5d7e`: other samples are other data, whatever they are
called. They are written to disk batch by batch, so a dataset that reads them when asked is never in memory whole.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.api.arrays import as_array, made, somebodys_code
from genharness.data import ensure_prepared
from genharness.errors import ConfigError, DataError, shown
from genharness.files.home import home
from genharness.plugin.registry import load_registry

__all__ = ["hold_datasets"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_SPLITS = ("train", "validation", "test")
_BATCH = 256


def hold_datasets(datasets: Mapping[str, Any]) -> list[str]:
    """Prepare datasets that are in memory, and return their references.

    Args:
        datasets: By the name that a table shows: an array or tensor `(n, ...)`, or a DataFrame of numbers; a pair of
            samples and labels; a dataset with `len` and items that are samples, or pairs of sample and label, as
            torch's are; or a mapping of `train` and `test` to one of these.

    Raises:
        ConfigError: If one has no name that can be shown, or is none of these.
        DataError: If samples are no images or rows, by the rules of files.
    """
    return [_held(name, given) for name, given in datasets.items()]


def _held(name: str, given: Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(f"dataset {shown(str(name))!r} must be called by letters, digits, dashes and underscores")
    splits = dict(given) if isinstance(given, Mapping) else {"train": given}
    unknown = [str(split) for split in splits if split not in _SPLITS]
    if unknown or "train" not in splits:
        wrong = f"not {shown(', '.join(unknown))}" if unknown else "and train must be among them"
        raise ConfigError(f"dataset {name}: splits are called train, test and validation, {wrong}")
    spec = load_registry().datasets.find("array")
    home().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home(), prefix=".held-") as folder:
        digest = hashlib.sha256()
        for split in sorted(splits):
            digest.update(split.encode())
            _write(Path(folder, split), f"dataset {name}: {split}", splits[split], digest)
        reference = f"array:{name}-{digest.hexdigest()[:12]}"
        return ensure_prepared(spec, reference, source=Path(folder)).name


def _write(stem: Path, where: str, given: Any, digest: hashlib._Hash) -> None:
    """Write one split as `STEM.samples.npy` and perhaps `STEM.labels.npy`, and enter them into a digest."""
    count, batches = _batches(where, given)
    first = next(batches, None)
    if first is None:
        raise DataError(f"{where} holds no samples")
    files: list[NDArray[Any] | None] = [None, None]
    done = 0
    for batch in chain([first], batches):
        for place, (kind, values) in enumerate(zip(("samples", "labels"), batch, strict=True)):
            if values is None:
                continue
            if values.dtype.hasobject:
                raise DataError(f"{where} holds {values.dtype}: {kind} must be numbers")
            target = files[place]
            if target is None:
                path = stem.with_name(f"{stem.name}.{kind}.npy")
                target = np.lib.format.open_memmap(path, "w+", values.dtype, (count, *values.shape[1:]))
                files[place] = target
                digest.update(f"{kind} {values.dtype.str} {target.shape}".encode())
            if values.shape[1:] != target.shape[1:]:
                raise DataError(
                    f"{where}: sample {done} has shape {values.shape[1:]}, those before it {target.shape[1:]}"
                )
            target[done : done + len(values)] = values
            digest.update(np.ascontiguousarray(values).data.cast("B") if values.size else b"")
        done += len(batch[0])
    if done != count:
        raise DataError(f"{where} says that it holds {count:,} samples, and gave {done:,}")


_Batch = tuple[NDArray[Any], NDArray[Any] | None]


def _batches(where: str, given: Any) -> tuple[int, Iterator[_Batch]]:
    """Return how many samples there are, and batches of them with their labels.

    Raises:
        ConfigError: If they are none of the things that can be given.
    """
    if _is_array(given):
        return _of_arrays(where, as_array(given, where), None)
    if isinstance(given, tuple) and len(given) == 2 and all(map(_is_array, given)):
        return _of_arrays(where, as_array(given[0], where), as_array(given[1], f"{where}: labels"))
    if hasattr(given, "__len__") and hasattr(given, "__getitem__") and not isinstance(given, str | bytes):
        with somebodys_code(f"{where} has no length"):
            return len(given), made(_of_items(where, given), where)
    raise ConfigError(
        f"{where} is {type(given).__name__}: give an array, a pair of samples and labels, or a dataset of items"
    )


def _is_array(value: object) -> bool:
    return isinstance(value, np.ndarray) or hasattr(value, "detach") or hasattr(value, "to_numpy")


def _of_arrays(where: str, samples: NDArray[Any], labels: NDArray[Any] | None) -> tuple[int, Iterator[_Batch]]:
    if samples.ndim < 2 or (labels is not None and labels.shape[:1] != samples.shape[:1]):
        told = "" if labels is None else f" and labels of shape {labels.shape}"
        raise DataError(f"{where} has samples of shape {samples.shape}{told}: give samples (n, ...) and labels (n,)")
    step = max(1, _BATCH * 16)
    parts = (slice(start, start + step) for start in range(0, len(samples), step))
    return len(samples), ((samples[part], None if labels is None else labels[part]) for part in parts)


def _of_items(where: str, dataset: Any) -> Iterator[_Batch]:
    items = (dataset[place] for place in range(len(dataset)))
    while some := list(islice(items, _BATCH)):
        paired = isinstance(some[0], tuple | list) and len(some[0]) == 2
        samples = [as_array(item[0] if paired else item, where) for item in some]
        shapes = {sample.shape for sample in samples}
        if len(shapes) > 1:
            raise DataError(f"{where} holds samples of shapes {sorted(shapes)[:3]}: make them one shape")
        yield np.stack(samples), np.array([int(item[1]) for item in some], np.int64) if paired else None
