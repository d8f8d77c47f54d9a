"""Records of every sort, as years of use leave them: failures, gaps, copies, several protocols, names and machines."""

import random
from dataclasses import replace

from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record

__all__ = ["odd_records"]

CONTENT = {"digits": "one", "digits@16": "two", "folder:/data/digits": "one"}
SCORES = ("fid", "kid", "precision", "recall", "density", "coverage", "modes_covered", "authenticity", "retired")
MEASURED = ("train_seconds", "latency_p50_ms", "peak_memory_mib")


def odd_records(count, seed=0):
    """Return so many records by their ids."""
    draw = random.Random(seed)
    return {one.cell.id: one for one in (_record(draw) for _ in range(count))}


def _record(draw):
    planned = Protocol(
        extractor=draw.choice(["classifier", "inception"]),
        sample_count=draw.choice([100, 1000]),
        seed=draw.choice([0, 0, 1]),
    )
    model = draw.choice(["vae", "vae", "vae", "gan", "dcgan", "real", "noise", "mine"])
    cell = Cell(
        model=model,
        dataset=draw.choice([*CONTENT]),
        seed=draw.randrange(12),
        budget=draw.choice(["smoke", "smoke", "full"]),
        length="400steps",
        protocol=planned,
        options={}
        if model in ("real", "noise")
        else {"lr": draw.choice([0.1, 0.01, 1]), "path": draw.choice(["/a/b", "/a/c"])},
        sampling=draw.choice([{}, {}, {"steps": 5}]),
        code=draw.choice([{}, {}, {"model": "abc", "training": "def"}]),
    )
    status = draw.choices(["ok", "failed", "diverged", "interrupted"], [12, 1, 1, 1])[0]
    ok = status == "ok"
    protocol = replace(planned, dataset_hash=CONTENT[cell.dataset])
    values = (lambda: draw.gauss(5, 1), lambda: abs(draw.gauss(0.5, 0.1)), lambda: 1.0, lambda: draw.randrange(9))
    keys = [key for key in SCORES if draw.random() < 0.9]
    costs = {key: draw.choice(values)() + 1 for key in MEASURED if draw.random() < 0.95}
    return Record(
        cell=cell,
        status=status,
        reason="" if ok else "it broke",
        scores={key: draw.choice([*(value() for value in values), 1e200, None]) for key in keys} if ok else {},
        measurements={**costs, "parameters": draw.choice([1000] * 9 + [7])},
        errors={key: draw.random() for key in keys if draw.random() < 0.5},
        bands={"fid": {"low": 1.0, "high": draw.choice([2.0, 6.0]), "draws": draw.choice([3, 5]), "count": 9}}
        if draw.random() < 0.02
        else {},
        skipped=draw.choice([{}, {"likelihood": "it has none"}]),
        failed={"kid": draw.choice(["one", "two"])} if draw.random() < 0.02 else {},
        code=draw.choice([{}, {"fid": {"metric fid": "abc"}}]),
        protocol=protocol.as_plain() if ok else {},
        protocol_hash=protocol.hash if ok else "",
        facts={"classifier_accuracy": draw.random()} if draw.random() < 0.8 else {"sample_count": 50.0},
        classes={"real": [1, 2], "generated": [draw.randrange(9), 3]} if draw.random() < 0.5 else {},
        environment={"hostname": draw.choices(["a", "b"], [9, 1])[0], "cpu": "c"},
        notes=draw.choice([[], ["a note"]]),
        source="external" if model == "mine" else "trained",
        started_at=f"2030-01-01T00:00:{draw.randrange(60):02}+00:00",
        finished_at=f"2030-01-{draw.randint(1, 28):02}T00:00:00+00:00",
    )
