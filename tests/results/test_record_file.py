import os

import orjson
import pytest

from genharness.results.record_file import MAX_BYTES, DamagedRecordError, UnreadableRecordError, read_record
from genharness.spec.cell import Cell
from genharness.spec.history import History
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record


@pytest.fixture
def path(tmp_path):
    protocol = Protocol(extractor="classifier", sample_count=10)
    cell = Cell(model="vae", dataset="digits", seed=0, budget="smoke", length="1steps", protocol=protocol)
    record = Record(cell=cell, status="failed", history=History(losses={"step": [1], "loss": [0.5]}))
    file = tmp_path / "one.json"
    file.write_bytes(orjson.dumps(record.as_plain(), option=orjson.OPT_INDENT_2))
    return file


def test_a_record_is_read_with_or_without_its_curves(path):
    assert read_record(str(path)).history.losses["loss"] == [0.5]
    assert read_record(str(path), history=False).history == History()


def test_a_file_that_is_not_there_is_told_apart(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_record(str(tmp_path / "none.json"))


def test_damage_is_told_apart_from_what_cannot_be_read(path):
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DamagedRecordError):
        read_record(str(path))
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UnreadableRecordError, match="no regular file"):
        read_record(str(path))


def test_a_file_larger_than_any_record_is_not_read_into_memory(path):
    os.truncate(path, MAX_BYTES + 1)
    with pytest.raises(UnreadableRecordError, match="more than"):
        read_record(str(path))
