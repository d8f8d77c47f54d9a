"""Records of cells that were never run, for tests of what is made of them."""

from genharness.board.build import build
from genharness.board.render import RenderOptions
from genharness.plugin.registry import load_factory, load_registry
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record

CLOSE = [10.0, 11.0, 12.0, 10.5, 11.5]
ALIKE = [10.1, 11.1, 11.8, 10.6, 11.6]
FAR = [30.0, 31.0, 32.0, 30.5, 31.5]


def record(
    model, fid, *, seed=0, dataset="digits", extractor="classifier", status="ok", reason="", scores=None, **cell
):
    """Return the record of a cell with the score `fid` and others; with None it has no score."""
    protocol = Protocol(extractor=extractor, sample_count=10)
    values = {"budget": "smoke", "length": "1steps", **cell}
    made = Cell(model=model, dataset=dataset, seed=seed, protocol=protocol, **values)
    return Record(
        cell=made,
        status=status,
        reason=reason,
        scores={} if fid is None else {"fid": fid, **(scores or {})},
        measurements={"train_seconds": 10.0 + seed},
        protocol=protocol.as_plain(),
        protocol_hash=protocol.hash,
    )


def seeds(model, values):
    """Return a record for each value of `fid`, of the seeds 0, 1, ..."""
    return [record(model, value, seed=seed) for seed, value in enumerate(values)]


def rendered(records, form, *, width=80, wide=False, colour=False, **asked):
    """Return the board of records as a built-in reporter writes it."""
    registry = load_registry()
    return load_factory(registry.reporters[form])(
        build(records, registry, **asked), RenderOptions(width=width, colour=colour, wide=wide)
    )
