"""Pages of many rows: seconds of the processor and bytes, of 100 cells with curves, 1,000 rows, 10,000 records.

There is no peer that makes such a page; the limits are 2 s and 1.2 MB for 100 cells, 10 s and 5 MB for 10,000 records.
CPU seconds stand, because a busy machine stretches the wall clock's.

    pytest benchmarks/bench_report.py -s
"""

import random
import time

import pytest

from genharness.board.build import build
from genharness.board.render import RenderOptions
from genharness.files.gc_pause import no_collection
from genharness.plugin.registry import load_factory, load_registry
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record

SCORES = ("precision", "recall", "density", "coverage", "clipped_density", "clipped_coverage", "kid", "modes_covered")


def records(models, seeds, *, curves):
    """Return the records of variants of one model, with the scores, costs and curves of real ones."""
    draw, protocol = random.Random(0), Protocol(extractor="classifier", sample_count=500)
    for model in range(models):
        for seed in range(seeds):
            cell = Cell(
                model="vae",
                dataset="digits",
                seed=seed,
                budget="smoke",
                length="400steps",
                protocol=protocol,
                options={"lr": model},
            )
            made = Record(cell=cell, status="ok", protocol=protocol.as_plain(), protocol_hash=protocol.hash)
            made.scores = {
                "fid": 10 * (1 + model / 50) * draw.uniform(0.9, 1.1),
                **{key: draw.random() for key in SCORES},
            }
            made.measurements = {"train_seconds": 10 + draw.random(), "latency_p50_ms": draw.random()}
            if curves:
                made.history.losses = {"step": list(range(10, 1000, 10)), "loss": [draw.random() for _ in range(99)]}
            yield made


@pytest.mark.parametrize(("models", "seeds"), [(50, 2), (1000, 1), (1000, 10)])
def test_a_page_of_many_rows(models, seeds):
    made, registry = list(records(models, seeds, curves=seeds < 10)), load_registry()
    start = time.process_time()
    with no_collection():
        board = build(made, registry)
        text = load_factory(registry.reporters["report"])(board, RenderOptions())
    seconds = time.process_time() - start
    print(f"\n{len(made):,} records in {models:,} rows: {seconds:.1f} s of CPU, {len(text.encode()) / 1e6:.2f} MB")
    assert text.count("<tr data-m=") == models
