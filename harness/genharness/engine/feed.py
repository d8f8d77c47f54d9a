"""From prepared arrays to training batches on the device, as a pure function of seed and step.

No state but the arrays: batch `i` is the same whether the run began at step 0 or was resumed at step `i`.
Data that fits stays on the device as uint8; larger data is read ahead from disk by a thread, row by row, so
that the resident memory of a cell does not grow with the dataset.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
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


def to_unit_range(images: Tensor) -> Tensor:
    """Return uint8 images as float32 in [-1, 1], in channels-last memory."""
    return images.to(memory_format=torch.channels_last, dtype=torch.float32).mul_(2 / 255).sub_(1)


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
        self._labels = None if labels is None else torch.from_numpy(np.ascontiguousarray(labels, dtype=np.int64))
        self._members = _class_members(self._labels) if balanced and self._labels is not None else ()
        fits = _fits(samples.nbytes, device) if resident is None else resident
        self._resident = torch.from_numpy(np.array(samples)).to(device) if fits else None
        self._rows = None if fits else _RowReader(samples, pinned=device.type == "cuda")
        self._pool: ThreadPoolExecutor | None = None
        self._pending: dict[int, Future[Tensor]] = {}
        self._order = lru_cache(maxsize=2)(self._epoch_order)

    def batch(self, step: int) -> tuple[Tensor, Tensor | None]:
        """Return the samples and labels of training step `step` (from 0), on the device."""
        index = self._indices(step)
        samples = self._samples(step, index)
        if self._is_image:
            samples = to_unit_range(samples)
        if self._mirror:
            samples = self._mirrored(samples, step)
        labels = None if self._labels is None else self._labels[index].to(self._device, non_blocking=True)
        return samples, labels

    def close(self) -> None:
        """Stop reading ahead; a batch that is asked for afterwards begins it again."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._pool = None
        self._pending = {}

    def _samples(self, step: int, index: Tensor) -> Tensor:
        if self._resident is not None:
            return self._resident[index.to(self._device)]
        for ahead in range(step, step + _AHEAD):
            if ahead not in self._pending:
                self._pending[ahead] = self._read_later(ahead)
        rows = self._pending.pop(step).result()
        self._pending = {key: value for key, value in self._pending.items() if key > step}
        return rows.to(self._device, non_blocking=True)

    def _read_later(self, step: int) -> Future[Tensor]:
        assert self._rows is not None
        self._pool = self._pool or ThreadPoolExecutor(1, thread_name_prefix="feeder")
        return self._pool.submit(self._rows.read, self._indices(step).numpy())

    def _indices(self, step: int) -> Tensor:
        if self._members:
            return self._balanced_indices(step)
        epoch, place = divmod(step, self.steps_per_epoch)
        order: Tensor = self._order(epoch)
        return order[place * self.batch_size : (place + 1) * self.batch_size]

    def _epoch_order(self, epoch: int) -> Tensor:
        return torch.randperm(self.count, generator=self._generator(epoch, stream=0))

    def _balanced_indices(self, step: int) -> Tensor:
        generator = self._generator(step, stream=1)
        first = int(torch.randint(len(self._members), (), generator=generator))
        chosen = []
        for place in range(self.batch_size):
            members = self._members[(first + place) % len(self._members)]
            chosen.append(members[torch.randint(len(members), (), generator=generator)])
        return torch.stack(chosen)

    def _mirrored(self, images: Tensor, step: int) -> Tensor:
        chosen = torch.rand(len(images), generator=self._generator(step, stream=2)) < 0.5
        return torch.where(chosen.to(self._device)[:, None, None, None], images.flip(3), images)

    def _generator(self, index: int, *, stream: int) -> torch.Generator:
        seeds = np.random.SeedSequence([self._seed, stream, index])
        return torch.Generator().manual_seed(int(seeds.generate_state(1, np.uint64)[0] >> 1))


class _RowReader:
    """Reads rows of a memory-mapped array with `pread`: mapped pages would count as the cell's memory."""

    def __init__(self, samples: NDArray[Any], *, pinned: bool) -> None:
        if not isinstance(samples, np.memmap):
            raise TypeError("rows can be read from a memory-mapped array only")
        self._shape, self._dtype, self._pinned = samples.shape[1:], samples.dtype, pinned
        self._row_bytes = int(np.prod(self._shape)) * samples.dtype.itemsize
        self._offset = int(samples.offset)
        self._file = os.open(str(samples.filename), os.O_RDONLY)

    def read(self, index: NDArray[np.int64]) -> Tensor:
        rows = np.empty((len(index), *self._shape), self._dtype)
        flat = rows.reshape(-1).view(np.uint8).data
        for place, row in enumerate(index.tolist()):
            window = flat[place * self._row_bytes : (place + 1) * self._row_bytes]
            if os.preadv(self._file, [window], self._offset + row * self._row_bytes) != self._row_bytes:
                raise DataError("the prepared data shrank while it was read: run `genharness data verify`")
        tensor = torch.from_numpy(rows)
        return tensor.pin_memory() if self._pinned else tensor

    def __del__(self) -> None:
        os.close(self._file)


def _class_members(labels: Tensor) -> tuple[Tensor, ...]:
    return tuple(torch.nonzero(labels == value).flatten() for value in labels.unique())


def _fits(size: int, device: torch.device) -> bool:
    if device.type == "cuda":
        return size < _SHARE * torch.cuda.mem_get_info(device)[0]
    return size < min(_HOST_BYTES, _SHARE * psutil.virtual_memory().available)
