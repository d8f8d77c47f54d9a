"""From prepared arrays to training batches on the device, as a pure function of seed and step.

No state but the arrays: batch `i` is the same whether the run began at step 0 or was resumed at step `i`.
Data that fits stays on the device as uint8; larger data is read ahead from disk by a thread, row by row, so
that the resident memory of a cell does not grow with the dataset. What an epoch is made of (order, mirroring) is drawn
at its start and stays on the device, so that no step waits for a copy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness.data import PreparedData
from genharness.errors import DataError

__all__ = ["Feeder", "to_unit_range"]

_AHEAD = 4
"""Batches that are read before they are asked for, when the data is on disk."""

_SHARE = 0.25
"""Part of the free memory that a dataset may take to be held on the device."""

_HOST_BYTES = 1 << 30
"""Data larger than this stays on disk when the device is the CPU: the system's page cache serves it as fast."""

_CHUNK_BYTES = 64 << 20
"""Data on its way to a device takes this much of the host's memory at a time."""


def to_unit_range(images: Tensor) -> Tensor:
    """Return uint8 images as float32 in [-1, 1], in channels-last memory."""
    return images.to(memory_format=torch.channels_last, dtype=torch.float32).mul_(2 / 255).sub_(1)


@dataclass(frozen=True, slots=True)
class _Epoch:
    """What the steps of an epoch are made of.

    Attributes:
        rows: Samples of every step `(steps, batch)` int64, on the host.
        index: The same on the device.
        mirrored: Which of them are mirrored `(steps, batch)`, on the device; None where none is.
    """

    rows: Tensor
    index: Tensor
    mirrored: Tensor | None


class Feeder:
    """Batches of one split.

    Args:
        data: A prepared dataset.
        batch_size: Samples in a batch.
        seed: Seed of the order, of mirroring and of balancing.
        device: Where batches are wanted.
        mirror: Mirror images left to right with probability 1/2.
        balanced: Draw every class equally often (with replacement) instead of each sample once an epoch.
        split: Which split.
        resident: Hold the split on the device; None decides by what is free there.

    Attributes:
        count: Samples of the split.
        steps_per_epoch: Full batches of an epoch.
        resident_bytes: What the split takes on the device, 0 where it is read from disk.
    """

    def __init__(
        self,
        data: PreparedData,
        batch_size: int,
        *,
        seed: int,
        device: torch.device,
        mirror: bool = False,
        balanced: bool = False,
        split: str = "train",
        resident: bool | None = None,
    ) -> None:
        samples = data.samples(split)
        labels = data.labels(split)
        self.count = len(samples)
        self.batch_size = batch_size
        self.steps_per_epoch = max(1, self.count // batch_size)
        self._seed = seed
        self._device = device
        self._is_image = data.shape.modality == "image"
        self._mirror = mirror and self._is_image
        host_labels = None if labels is None else torch.from_numpy(np.ascontiguousarray(labels, dtype=np.int64))
        self._labels = None if host_labels is None else host_labels.to(device)
        self._classes = _Classes(host_labels) if balanced and host_labels is not None else None
        fits = _fits(samples.nbytes, device) if resident is None else resident
        self._resident = _held(samples, device) if fits else None
        self.resident_bytes = samples.nbytes if fits else 0
        self._rows = None if fits else _RowReader(samples, pinned=device.type == "cuda")
        self._pool: ThreadPoolExecutor | None = None
        self._pending: dict[int, Future[Tensor]] = {}
        self._epoch = lru_cache(maxsize=2)(self._drawn_epoch)

    def batch(self, step: int) -> tuple[Tensor, Tensor | None]:
        """Return the samples and labels of training step `step` (from 0), on the device."""
        number, place = divmod(step, self.steps_per_epoch)
        epoch = self._epoch(number)
        index = epoch.index[place]
        samples = self._read(step) if self._resident is None else self._resident[index]
        if self._is_image:
            samples = to_unit_range(samples)
        if epoch.mirrored is not None:
            samples = torch.where(epoch.mirrored[place][:, None, None, None], samples.flip(3), samples)
        return samples, None if self._labels is None else self._labels[index]

    def batches(self, first: int = 0) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Yield batches for ever, from step `first`."""
        step = first
        while True:
            yield self.batch(step)
            step += 1

    def close(self) -> None:
        """Stop reading ahead; a batch that is asked for afterwards begins it again."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._pool = None
        self._pending = {}

    def _read(self, step: int) -> Tensor:
        for ahead in range(step, step + _AHEAD):
            if ahead not in self._pending:
                self._pending[ahead] = self._read_later(ahead)
        rows = self._pending.pop(step).result()
        self._pending = {key: value for key, value in self._pending.items() if key > step}
        return rows.to(self._device, non_blocking=True)

    def _read_later(self, step: int) -> Future[Tensor]:
        assert self._rows is not None
        self._pool = self._pool or ThreadPoolExecutor(1, thread_name_prefix="feeder")
        number, place = divmod(step, self.steps_per_epoch)
        return self._pool.submit(self._rows.read, self._epoch(number).rows[place].numpy())

    def _drawn_epoch(self, number: int) -> _Epoch:
        shape = (self.steps_per_epoch, min(self.batch_size, self.count))
        if self._classes is None:
            order = torch.randperm(self.count, generator=self._generator(number, stream=0))
            rows = order[: shape[0] * shape[1]].view(shape)
        else:
            shape = (self.steps_per_epoch, self.batch_size)
            rows = self._classes.drawn(shape, self._generator(number, stream=1))
        mirrored = None
        if self._mirror:
            mirrored = self._moved(torch.rand(shape, generator=self._generator(number, stream=2)) < 0.5)
        return _Epoch(rows, self._moved(rows), mirrored)

    def _moved(self, values: Tensor) -> Tensor:
        if self._device.type == "cuda":
            values = values.pin_memory()
        return values.to(self._device, non_blocking=True)

    def _generator(self, index: int, *, stream: int) -> torch.Generator:
        seeds = np.random.SeedSequence([self._seed, stream, index])
        return torch.Generator().manual_seed(int(seeds.generate_state(1, np.uint64)[0] >> 1))


class _Classes:
    """The samples of every class, for batches that hold all classes equally often.

    Args:
        labels: Class of every sample `(n,)`.
    """

    def __init__(self, labels: Tensor) -> None:
        self._rows = torch.argsort(labels, stable=True)
        self._counts = torch.unique(labels, return_counts=True)[1]
        self._firsts = self._counts.cumsum(0) - self._counts

    def drawn(self, shape: tuple[int, int], generator: torch.Generator) -> Tensor:
        """Return samples of `(steps, batch)`: in every step the classes in turn, from a random one on."""
        steps, batch = shape
        start = torch.randint(len(self._counts), (steps, 1), generator=generator)
        which = (start + torch.arange(batch)) % len(self._counts)
        place = torch.rand(shape, generator=generator, dtype=torch.float64) * self._counts[which]
        return self._rows[self._firsts[which] + place.long()]


class _RowReader:
    """Reads rows of a memory-mapped array with `pread`: mapped pages would count as the cell's memory."""

    def __init__(self, samples: NDArray[Any], *, pinned: bool) -> None:
        if not isinstance(samples, np.memmap):
            raise TypeError("rows can be read from a memory-mapped array only")
        self._shape, self._pinned = samples.shape[1:], pinned
        self._dtype = torch.from_numpy(np.empty(0, samples.dtype)).dtype
        self._row_bytes = int(np.prod(self._shape)) * samples.dtype.itemsize
        self._offset = int(samples.offset)
        self._file = os.open(str(samples.filename), os.O_RDONLY)

    def read(self, index: NDArray[np.int64]) -> Tensor:
        rows = torch.empty((len(index), *self._shape), dtype=self._dtype, pin_memory=self._pinned)
        flat = rows.numpy().reshape(-1).view(np.uint8).data
        for place, row in enumerate(index.tolist()):
            window = flat[place * self._row_bytes : (place + 1) * self._row_bytes]
            if os.preadv(self._file, [window], self._offset + row * self._row_bytes) != self._row_bytes:
                raise DataError("the prepared data shrank while it was read: run `genharness data verify`")
        return rows

    def __del__(self) -> None:
        os.close(self._file)


def _held(samples: NDArray[Any], device: torch.device) -> Tensor:
    """Return samples as a tensor on the device, without a second copy of all of them on the host."""
    held = torch.empty(samples.shape, dtype=torch.from_numpy(np.empty(0, samples.dtype)).dtype, device=device)
    rows = max(1, _CHUNK_BYTES // max(1, samples[:1].nbytes))
    for start in range(0, len(samples), rows):
        held[start : start + rows].copy_(torch.from_numpy(np.array(samples[start : start + rows])))
    return held


def _fits(size: int, device: torch.device) -> bool:
    if device.type == "cuda":
        return size < _SHARE * torch.cuda.mem_get_info(device)[0]
    return size < min(_HOST_BYTES, _SHARE * psutil.virtual_memory().available)
