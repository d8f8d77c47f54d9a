"""Records of cells that were never run, with everything that a record may hold: for reporters and trackers."""

from __future__ import annotations

from pathlib import Path

from genharness.spec.cell import Cell, Settings, Task
from genharness.spec.protocol import Protocol
from genharness.spec.record import Band, Record

__all__ = ["some_records", "some_tasks"]

_PROTOCOL = Protocol(extractor="classifier", sample_count=100)


def some_records(seeds: int = 3) -> list[Record]:
    """Return records of two models and of `real` over some seeds, and of a failure whose reason is hostile."""
    made = [_record(model, seed) for model in ("vae", "gan", "real") for seed in range(seeds)]
    lost = Record(cell=_cell("vae", seeds), status="failed", reason="<b>&\x1b[31m | =cmd _x_ \\alpha")
    return [*made, lost]


def some_tasks() -> list[Task]:
    """Return tasks for the same cells."""
    return [
        Task(cell=record.cell, metrics={"fid": {}}, settings=Settings(results=Path("results")))
        for record in some_records()
    ]


def _cell(model: str, seed: int) -> Cell:
    return Cell(model=model, dataset="digits", seed=seed, budget="smoke", length="10steps", protocol=_PROTOCOL)


def _record(model: str, seed: int) -> Record:
    fid = {"vae": 20.0, "gan": 30.0, "real": 1.0}[model] + seed
    return Record(
        cell=_cell(model, seed),
        status="ok",
        scores={"fid": fid, "precision": 0.5, "recall": None},
        errors={"fid": 0.5},
        bands={"fid": Band(low=0.5, high=2.0, draws=20, count=100)} if model == "real" else {},
        measurements={"train_seconds": 1.0 + seed},
        protocol=_PROTOCOL.as_plain(),
        protocol_hash=_PROTOCOL.hash,
    )
