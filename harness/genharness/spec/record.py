"""The record of a cell: what was measured, under which protocol, on which machine."""

from __future__ import annotations

import dataclasses
import datetime
import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from genharness.errors import RunError
from genharness.spec.cell import Cell
from genharness.spec.history import History
from genharness.spec.protocol import Protocol
from genharness.spec.typed import misfit, typed

__all__ = ["MEASUREMENTS", "SCHEMA_VERSION", "Band", "Record", "Status", "now", "within"]

SCHEMA_VERSION = 4
"""2: metrics that failed stand in `failed`, no longer among `skipped`. 3: `errors` and `bands` beside `scores`, the
`code` behind cells and scores, and the content of files that options name. 4: `sampling` options of a cell beside its
`options`, and the `training` that it may share with others."""

OLDEST_SCHEMA = 1
"""Records from this version on can be read."""

_LAST_SCHEMA = 999
"""No version that there will ever be is larger: a record with a larger one is damaged, not newer."""

LARGEST_SEED = 2**64 - 1
"""Random generators take 64 bits."""

Status = Literal["ok", "failed", "diverged", "out_of_memory", "timeout", "interrupted"]
"""How a cell ended. Only `ok` counts as finished; `interrupted` goes on from its checkpoint."""

Source = Literal["trained", "external"]

_FAILED_ONCE = "it failed: "
"""How schema 1 began the reason of a metric, among `skipped`, that raised what no metric should."""

MEASUREMENTS: Mapping[str, str] = {
    "train_seconds": "training time, without evaluation, data preparation and checkpoints",
    "train_steps": "training steps taken",
    "warm_up_seconds": "before training on a GPU, or with --compile: steps that are undone, to choose kernels",
    "train_cpu_seconds": "processor time of training: less than `train_seconds` on one thread where others were served",
    "train_load_average": "one-minute load average of the machine, mean of start and end of training",
    "train_energy_cpu_joules": "energy of the processor packages while training, other programs' included",
    "train_energy_gpu_joules": "energy of the GPU while training",
    "train_images_per_second": "samples trained on per second",
    "steady_images_per_second": "samples trained on per second, median over intervals of training without the first",
    "dataset_mib": "training data held on the device, within the peaks of memory; 0 where it is read from disk",
    "peak_memory_mib": "peak resident memory of the cell's process while training",
    "peak_accelerator_mib": "peak accelerator memory allocated while training",
    "peak_accelerator_reserved_mib": "peak accelerator memory reserved while training",
    "parameters": "trainable parameters of the whole model",
    "generator_parameters": "parameters of the part that samples are drawn from",
    "sample_flops": "floating-point operations of one sample",
    "step_flops": "floating-point operations of a training step, per sample, mean over a whole training",
    "function_evaluations": "calls of the layer called most for one sample: network evaluations of a diffusion sampler",
    "latency_p50_ms": "time of the model to draw one sample, median",
    "latency_p95_ms": "time of the model to draw one sample, 95th percentile",
    "latency_p99_ms": "time of the model to draw one sample, 99th percentile",
    "latency_calls": "timed calls behind the latencies; fewer than 100 for a slow sampler",
    "sample_images_per_second": "samples drawn per second at the best batch size of the sweep",
    "checkpoint_bytes": "size of the checkpoint on disk",
    "evaluate_seconds": "time to extract features and score, without drawing and timing samples",
    "evaluate_cpu_seconds": "processor time of that",
    "evaluate_peak_memory_mib": "peak resident memory of the cell's process after training",
    "cell_seconds": "the whole cell, over all its attempts; the whole of a training that it shares included",
}
"""Every harness measurement and what it says; a record holds those that the device can give."""

_ENVIRONMENT: Mapping[str, Any] = {
    "threads": int | None,
    "device": str | None,
    "hostname": str | None,
    "packages": dict[str, str],
    "deterministic": bool | None,
}
"""What the parts of an environment are that are used and not only shown."""


class Band(TypedDict):
    """Where a score of real samples against other real ones lies: a prediction interval that holds 95 % of them."""

    low: float
    high: float
    draws: int
    """How often the real data was divided anew."""
    count: int
    """Samples that stood for the generated ones in each draw."""


def within(band: Band, limits: tuple[float, float]) -> Band:
    """Return a band that ends where the values of its score do.

    Args:
        band: Any.
        limits: Least and most value; see `genharness.spec.columns.Column.limits`.
    """
    least, most = limits
    return {**band, "low": max(least, band["low"]), "high": min(most, band["high"])}


@dataclass(kw_only=True)
class Record:
    """What is kept of a cell.

    Attributes:
        cell: What was run.
        status: How it ended.
        reason: One line when it did not end well, else empty.
        measurements: Keys of `MEASUREMENTS`, units in the names.
        scores: Metric columns by key; None where a metric is undefined.
        errors: Standard error of scores, by key: over other samples of the same trained model, the reference fixed. The
            spread over training seeds contains it; the two are never added.
        bands: What real samples score against other real ones, by key; of the `real` row and of samples made elsewhere.
        skipped: Metrics that cannot be computed for this cell, with the reason.
        failed: Metrics that broke, with the reason; they are tried again by the next run.
        code: Digests of the code behind the scores of each metric, by what they are of: metric, extractors, sampling.
        protocol: The resolved protocol, with the hashes of weights and data.
        protocol_hash: Its hash: records with equal hashes can be ranked together.
        facts: Numbers about the measuring itself, such as the classifier's held-out accuracy.
        classes: How many samples the dataset's classifier sees in each class: `real` ones of the reference, and
            `generated` ones; empty where no metric asked it.
        confusion: Of a model that is asked for classes, how many samples of each class asked (a row) are recognised as
            each class (a column); empty elsewhere, and for more than 100 classes.
        history: Curves over training.
        artefacts: Files of the cell's folder by what they are.
        environment: Versions, hardware, threads, flags.
        started_at: UTC, ISO 8601.
        finished_at: UTC, ISO 8601.
        notes: Warnings that a reader of the scores should know.
        source: `trained` by the harness, or `external` samples that were only scored.
        training: Name of its training, which has a folder of its own; cells that differ in sampling options share one,
            and have the same costs of training. Empty before schema 4, and where nothing is trained.
    """

    cell: Cell
    status: Status
    reason: str = ""
    measurements: dict[str, float] = field(default_factory=dict)
    scores: dict[str, float | None] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    bands: dict[str, Band] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    code: dict[str, dict[str, str]] = field(default_factory=dict)
    protocol: dict[str, Any] = field(default_factory=dict)
    protocol_hash: str = ""
    facts: dict[str, float] = field(default_factory=dict)
    classes: dict[str, list[int]] = field(default_factory=dict)
    confusion: list[list[int]] = field(default_factory=list)
    history: History = field(default_factory=History)
    artefacts: dict[str, str] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    started_at: str = ""
    finished_at: str = ""
    notes: list[str] = field(default_factory=list)
    source: Source = "trained"
    training: str = ""

    @property
    def finished(self) -> bool:
        """Whether the cell needs no more training."""
        return self.status == "ok"

    @property
    def went_wrong(self) -> bool:
        """Whether the cell ended by itself, and not well."""
        return self.status not in ("ok", "interrupted")

    def end(self, status: Status, reason: str = "", seconds: float | None = None) -> Record:
        """Write how and when the cell ended, and return the record: the one place that assigns a status.

        Args:
            status: How.
            reason: One line where it is not `ok`.
            seconds: What the cell took over all its attempts, where that is known.
        """
        self.status, self.reason, self.finished_at = status, reason, now()
        if seconds is not None:
            self.measurements["cell_seconds"] = seconds
        return self

    def keep_scores_of(self, earlier: Record | None, asked: Container[str]) -> None:
        """Take over what an earlier record of the same cell and protocol says of other metrics.

        Args:
            earlier: The record that this one replaces, or None.
            asked: Names of the metrics that were asked now.
        """
        if earlier is None or not earlier.finished or earlier.protocol_hash != self.protocol_hash:
            return
        kept = earlier.scores.keys() - self.scores.keys()
        self.errors |= {key: error for key, error in earlier.errors.items() if key in kept}
        self.bands |= {key: band for key, band in earlier.bands.items() if key in kept}
        self.scores = {**earlier.scores, **self.scores}
        self.classes, self.confusion = self.classes or earlier.classes, self.confusion or earlier.confusion
        for mine, before in ((self.skipped, earlier.skipped), (self.failed, earlier.failed)):
            mine |= {name: reason for name, reason in before.items() if name not in asked}
        self.code |= {name: digests for name, digests in earlier.code.items() if name not in asked}

    def as_plain(self) -> dict[str, Any]:
        """Return a dictionary of plain values, for JSON, with the schema version and the cell's identity."""
        plain = dataclasses.asdict(self)
        return {"schema": SCHEMA_VERSION, "cell_id": self.cell.id, **plain, "history": self.history.as_plain()}

    @classmethod
    def from_plain(cls, plain: Any, *, name: str) -> Record:
        """Return the record that `as_plain` gave.

        Args:
            plain: Parsed JSON.
            name: File name, for messages.

        Raises:
            RunError: If its schema is newer or older than this genharness reads.
            ValueError: If it is no record.
        """
        if not isinstance(plain, dict) or type(plain.get("schema")) is not int:
            raise ValueError("it has no schema version")
        if not 0 <= plain["schema"] <= _LAST_SCHEMA:
            raise ValueError(f"its schema {plain['schema']} is out of range")
        if plain["schema"] > SCHEMA_VERSION:
            raise RunError(
                f"record {name} has schema {plain['schema']}, newer than this genharness reads ({SCHEMA_VERSION}): "
                "upgrade genharness, or move the file away"
            )
        if plain["schema"] < OLDEST_SCHEMA:
            raise RunError(
                f"record {name} has schema {plain['schema']}, older than this genharness reads ({OLDEST_SCHEMA} and "
                "newer): read it with the genharness that wrote it, or move the file away and run its cell again"
            )
        record = typed(cls, {**plain, **_without_nulls(plain)}, others=True)
        if wrong := _environment_misfit(record.environment) or _contradiction(record):
            raise ValueError(wrong)
        if plain["schema"] == 1:
            record._sort_out_failed()
        return record

    def _sort_out_failed(self) -> None:
        """Move the metrics that failed out of `skipped`, where schema 1 kept them."""
        self.failed = {name: why for name, why in self.skipped.items() if why.startswith(_FAILED_ONCE)}
        self.skipped = {name: why for name, why in self.skipped.items() if name not in self.failed}
        self.failed = {name: why.removeprefix(_FAILED_ONCE) for name, why in self.failed.items()}


def now() -> str:
    """Return the time as a record holds it: UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _without_nulls(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return measurements, errors and facts without those that were not finite: JSON keeps NaN and infinity as null."""
    return {
        key: {name: value for name, value in plain[key].items() if value is not None}
        for key in ("measurements", "errors", "facts")
        if isinstance(plain.get(key), dict)
    }


def _environment_misfit(environment: Mapping[str, Any]) -> str:
    wrong = ((key, misfit(environment[key], hint)) for key, hint in _ENVIRONMENT.items() if key in environment)
    return next((f"its environment.{key}{reason}" for key, reason in wrong if reason), "")


def _contradiction(record: Record) -> str:
    """Return what cannot be, though every value has its type; empty where all can."""
    cell, protocol = record.cell, record.protocol
    if wrong := misfit(protocol, Protocol) if protocol else "":
        return f"its protocol{wrong}"
    for name, value, low, high in (
        ("seed", cell.seed, 0, LARGEST_SEED),
        ("protocol seed", cell.protocol.seed, 0, LARGEST_SEED),
        ("batch_size", cell.batch_size, 1, math.inf),
        ("threads", record.environment.get("threads") or 0, 0, math.inf),
        ("ema", cell.ema or 0.0, 0.0, math.nextafter(1.0, 0.0)),
    ):
        if not low <= value <= high:
            return f"its {name} {value} is out of range"
    negative = [f"its errors.{key} {error} is below 0" for key, error in record.errors.items() if error < 0]
    turned = [
        f"its bands.{key} ends below its beginning" for key, one in record.bands.items() if one["high"] < one["low"]
    ]
    if negative or turned:
        return (negative or turned)[0]
    sizes = {len(line) for line in record.confusion}
    if sizes - {len(record.confusion)}:
        return "its confusion is not square"
    if any(count < 0 for line in (*record.classes.values(), *record.confusion) for count in line):
        return "its classes or confusion count below 0"
    outside = [name for name, file in record.artefacts.items() if not _stays_inside(file)]
    return f"its artefacts.{outside[0]} lies outside the cell's folder" if outside else ""


def _stays_inside(file: str) -> bool:
    parts = file.replace("\\", "/").split("/")
    return bool(file) and "" not in parts and ".." not in parts and ":" not in file and "\0" not in file
