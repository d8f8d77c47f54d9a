import copy
import json
import random

import pytest

from genharness.errors import RunError
from genharness.spec.cell import Cell
from genharness.spec.history import BestPoint, History
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record


def record(**changes):
    protocol = Protocol(extractor="classifier", sample_count=10)
    cell = Cell(model="vae", dataset="digits", seed=3, budget="smoke", length="1steps", protocol=protocol)
    history = History(
        losses={"step": [1, 2], "loss": [0.5, None]},
        scores={"step": [2], "fid": [3.0], "samples": [10]},
        events=[{"step": 2, "event": "diverged", "losses": ["loss"]}],
        best=BestPoint(column="fid", step=2, value=3.0),
    )
    values = {
        "scores": {"fid": 1.5, "kid": None},
        "errors": {"fid": 0.25},
        "bands": {"fid": {"low": 0.5, "high": 1.0, "draws": 40, "count": 100}},
        "measurements": {"train_seconds": 1.0},
        "protocol": protocol.as_plain(),
        "protocol_hash": protocol.hash,
        "environment": {"threads": 2, "packages": {"torch": "2"}, "gpu": None},
        "history": history,
        "artefacts": {"grid": "grid.png"},
        "notes": ["a note"],
    }
    return Record(cell=cell, status="ok", **{**values, **changes})


def plain():
    return json.loads(json.dumps(record().as_plain()))


def read(values):
    return Record.from_plain(values, name="x.json")


def places(value, path=()):
    """Yield the path of every value below the top."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from places(item, (*path, place))


def put(values, path, value):
    changed = copy.deepcopy(values)
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return changed


def test_a_record_comes_back_from_json():
    assert read(plain()) == record()


def refusal(values):
    """Return what is said of a record that is refused, and nothing of a good one."""
    try:
        read(values)
    except (ValueError, RunError) as error:
        return str(error)
    return ""


def test_any_field_of_another_type_is_refused_by_its_name_and_nothing_else_is_raised():
    values, wrong = plain(), (None, True, "text", [1], {"a": [1]}, -1, 1.5, 2**70)
    said = [line for path in places(values) for value in wrong if (line := refusal(put(values, path, value)))]
    assert len(said) > 300
    assert all(line.startswith(("it", "record x.json has schema")) for line in said)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("measurements", "train_seconds"), "x", "its measurements.train_seconds is text, not a number"),
        (("scores", "fid"), [1], "its scores.fid is a list, not a number"),
        (("cell", "model"), [1], "its cell.model is a list, not text"),
        (("cell", "options"), None, "its cell.options is null, not an object"),
        (("cell", "seed"), -1, "its seed -1 is out of range"),
        (("cell", "seed"), 1e30, "its cell.seed is a number, not a whole number"),
        (("protocol_hash",), [], "its protocol_hash is a list, not text"),
        (("protocol",), {"seed": 0}, "its protocol.extractor is missing"),
        (("status",), "fine", "its status is 'fine', none of ok"),
        (("source",), "x", "its source is 'x', none of trained, external"),
        (("history", "losses", "loss"), 3, "its history.losses.loss is a whole number, not a list"),
        (("history", "best"), {"column": "fid"}, "its history.best.step is missing"),
        (("history", "events", 0), {"event": "diverged"}, r"its history.events\[0\].step is missing"),
        (("environment", "threads"), "many", "its environment.threads is text, not a whole number"),
        (("errors", "fid"), -0.5, "its errors.fid -0.5 is below 0"),
        (("bands", "fid", "low"), 2.0, "its bands.fid ends below its beginning"),
        (("bands", "fid"), {"low": 1.0}, "its bands.fid.count is missing"),
        (("artefacts", "grid"), "../../x", "its artefacts.grid lies outside the cell's folder"),
        (("artefacts", "grid"), "/etc/passwd", "its artefacts.grid lies outside the cell's folder"),
    ],
)
def test_what_is_wrong_is_said(path, value, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        read(put(plain(), path, value))


def test_an_object_nested_without_end_is_refused_and_does_not_exhaust_the_stack():
    value = 1
    for _ in range(5000):
        value = {"a": value}
    with pytest.raises(ValueError, match="nested"):
        read(put(plain(), ("environment", "deep"), value))


def test_scores_that_were_not_asked_again_keep_their_errors_and_bands():
    earlier = record(scores={"fid": 1.0, "kid": 2.0}, errors={"fid": 0.1, "kid": 0.2})
    now = record(scores={"fid": 3.0}, errors={}, bands={})
    now.keep_scores_of(earlier, asked={"fid"})
    assert (now.scores, now.errors, now.bands) == ({"fid": 3.0, "kid": 2.0}, {"kid": 0.2}, {})


def test_numbers_that_were_not_finite_are_left_out_of_measurements():
    assert read(put(plain(), ("measurements", "train_seconds"), None)).measurements == {}


def test_a_cells_id_is_a_file_name_whatever_its_fields_hold():
    draw = random.Random(0)
    for _ in range(200):
        words = ["".join(draw.choices("a/\\.\0\x1b\n é:=-", k=12)) for _ in range(2)]
        cell = Cell.from_plain({**record().cell.as_plain(), "model": words[0], "dataset": words[1]})
        assert not any(sign in cell.id for sign in "/\\\0\x1b\n")
        assert not cell.id.startswith(".")
        assert len(cell.id) < 200
