"""The unit of work: one model, one dataset, one seed, one budget, one protocol."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genharness.spec.protocol import Protocol, short_hash, with_contents

__all__ = ["KNOWN", "KNOWN_ID", "KNOWN_ROW", "KNOWN_TRAINING", "Cell", "Settings", "Task"]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What is trained and measured; everything that the result depends on and nothing else.

    Attributes:
        model: Name of the model.
        options: Every option of its Config that training reads.
        sampling: Every option of its Config that only sampling reads; see `genharness.option`. Cells that differ in
            these and in how they are measured share one training.
        dataset: Canonical dataset reference, such as `cifar10@64`.
        seed: Training seed.
        budget: Budget as asked: a recipe's name or a length.
        length: Training length, such as `400steps`.
        batch_size: Samples in a batch.
        ema: Decay of the weight average, or None.
        mirror: Whether training images are mirrored left to right at random.
        balanced: Whether batches hold every class equally often.
        device: Kind of device, `cpu` or `cuda`.
        precision: `fp32`: IEEE float32; `tf32`: float32 with products of 10-bit mantissas on CUDA; `bf16`: autocast
            to bfloat16.
        compiled: Whether the networks go through `torch.compile`.
        protocol: The protocol as it is known before running.
        plugins: Distribution and version behind model, dataset and extractor; they tell no cells apart.
        code: Digests of the code that decides what is trained: of the `model`, and of `training` it. Empty in cells
            that were run before code told cells apart, and for samples that were made elsewhere.
        inputs: Content of the files that the model's options name, by option.
    """

    model: str
    dataset: str
    seed: int
    budget: str
    length: str
    protocol: Protocol
    options: Mapping[str, Any] = field(default_factory=dict)
    sampling: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int = 64
    ema: float | None = None
    mirror: bool = False
    balanced: bool = False
    device: str = "cpu"
    precision: str = "fp32"
    compiled: bool = False
    plugins: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)

    def as_plain(self) -> dict[str, Any]:
        """Return a dictionary of plain values, for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Cell:
        """Return the cell that `as_plain` gave."""
        return cls(**{**plain, "protocol": Protocol.from_plain(plain["protocol"])})

    @property
    def id(self) -> str:
        """Readable name that ends in a hash of everything, such as `dcgan-digits-s0-5f0c33a1b2`."""
        known: str | None = getattr(self, KNOWN_ID, None)  # vars() would give every cell a dictionary of its own
        return known or f"{self.stem}-{short_hash(self.identity)}"

    @property
    def stem(self) -> str:
        """The readable part of its id: model, dataset and seed."""
        return f"{_plain(self.model)}-{_slug(self.dataset)}-s{self.seed}"

    @property
    def identity(self) -> dict[str, Any]:
        """What tells it from other cells: all of it, but files by their content and plugins by their code.

        Cells without digests of code keep the name that they were given when versions told cells apart.
        """
        everything = {**vars(self), "protocol": self.protocol.identity}  # no deep copy: ten thousand are named a board
        for known in KNOWN:
            everything.pop(known, None)
        contents = everything.pop("inputs")
        for kind in ("options", "sampling"):
            own = everything[kind]
            if contents:
                everything[kind] = with_contents(own, {name: contents[name] for name in contents if name in own})
        if not self.sampling:
            del everything["sampling"]
        del everything["plugins" if self.code else "code"]
        return everything

    @property
    def every_option(self) -> dict[str, Any]:
        """All options of its model."""
        return {**self.options, **self.sampling}

    def drawn_with(self, sampling: Mapping[str, Any]) -> Cell:
        """Return the cell, under its own name, as if it had other sampling options."""
        other = dataclasses.replace(self, sampling={**self.sampling, **sampling})
        vars(other)[KNOWN_ID] = self.id
        return other

    @property
    def training_id(self) -> str:
        """Name of its training: what cells share that differ only in how samples are drawn and measured."""
        known: str | None = getattr(self, KNOWN_TRAINING, None)
        return known or f"{self.stem}-{short_hash(self.training_identity)}"

    @property
    def training_identity(self) -> dict[str, Any]:
        """What tells its training from others."""
        known = {**self.identity, "protocol": self.protocol.dataset_hash}
        known.pop("sampling", None)
        if "plugins" in known:
            known["plugins"] = {kind: one for kind, one in self.plugins.items() if kind != "extractor"}
        return known

    def __str__(self) -> str:
        return f"{self.model} on {self.dataset}, seed {self.seed}"


KNOWN_ID = "_id"
"""Where a cell that was read keeps its id, which is the name of its record's file, whatever made it: fifty thousand
need not be hashed for a table."""

KNOWN_TRAINING = "_training_id"
"""Where a cell that was planned keeps the id of its training."""

KNOWN_ROW = "_row"
"""Where a cell of a table keeps what it shares with the cells of its row; the seeds of one row are read with it."""

KNOWN = (KNOWN_ID, KNOWN_TRAINING, KNOWN_ROW)
"""What a cell keeps beside its fields; none of it tells cells apart."""


@functools.lru_cache(maxsize=4096)
def _slug(dataset: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", dataset.lower()).strip("-")[-32:].strip("-")


def _plain(model: str) -> str:
    """Return a model's name as it may stand in a file's: a record of somebody else's may hold any text."""
    return model if _NAME.fullmatch(model) else re.sub(r"[^\w.-]+", "-", model).strip("-._")[:60] or "model"


_NAME = re.compile(r"\w[\w.-]{0,59}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How cells are run; none of it changes what they are.

    Attributes:
        results: Results folder.
        device: Device such as `cpu`, `cuda` or `cuda:1`.
        threads: CPU threads of a cell; 0 leaves the choice to the size of its samples.
        jobs: Cells at a time; 0, where cells run on other machines, for as many as there is room for.
        checkpoint_seconds: Seconds of training between checkpoints.
        score_every: Training length between scorings over training, such as `5epochs`; empty for none.
        score_metrics: Metrics of a scoring over training; None for those that are meant for it.
        score_samples: Samples for a scoring over training.
        keep: What stays of a finished cell: `checkpoints`, `samples` or `nothing`.
        weights: The user's folder or file of pretrained weights.
        deterministic: Ask torch for deterministic algorithms.
        fail_fast: Stop at the first cell that fails.
        timeout_seconds: Limit for a cell, 0 for none.
        memory_limit_bytes: Limit on the memory of a cell's process, 0 for none.
        fresh: Name of the command that throws away what is there of a cell and does it anew; empty for none. Of a
            training that several cells share it throws away what other commands began.
    """

    results: Path
    device: str = "cpu"
    threads: int = 0
    jobs: int = 1
    checkpoint_seconds: float = 30.0
    score_every: str = ""
    score_metrics: tuple[str, ...] | None = None
    score_samples: int = 1000
    keep: str = "checkpoints"
    weights: Path | None = None
    deterministic: bool = False
    fail_fast: bool = False
    timeout_seconds: float = 0.0
    memory_limit_bytes: int = 0
    fresh: str = ""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A cell, what is to be scored, and how it is run: what an executor is given.

    Attributes:
        cell: What is trained and measured.
        metrics: Names of the metrics to compute, with every option of each.
        skipped: Metrics that this cell cannot have, with the reason.
        settings: How it is run.
        shares: Ids of the other cells of the plan that share its training.
    """

    cell: Cell
    metrics: Mapping[str, Mapping[str, Any]]
    settings: Settings
    skipped: Mapping[str, str] = field(default_factory=dict)
    shares: tuple[str, ...] = ()
