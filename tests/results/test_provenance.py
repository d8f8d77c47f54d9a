"""What results were made by, beside what is installed: other code is told, and what cannot be compared is not."""

import dataclasses

import pytest

from acme_plugin import ACME, Acme
from genharness.errors import RunError
from genharness.identity.contents import content_of
from genharness.identity.parts import core_code, registered_code, training_code
from genharness.plugin.registry import load_registry
from genharness.results.provenance import UNKNOWN_CODE, Provenance, differences, refuse_changed
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record

PROTOCOL = Protocol(extractor="look", sample_count=10)


@pytest.fixture
def acme(make_plugin):
    return Acme(make_plugin("acme", ACME))


@pytest.fixture
def registry(acme):
    return load_registry()


@pytest.fixture
def record(registry):
    """A record by the code that is installed."""
    code = training_code(registry, "filled")
    cell = Cell(model="filled", dataset="digits", seed=0, budget="smoke", length="0steps", protocol=PROTOCOL, code=code)
    gap = {
        "metric gap": registered_code(registry.metrics, "gap").digest,
        "extractor look": registered_code(registry.extractors, "look").digest,
        "sampling": core_code("sampling").digest,
    }
    size = {"metric size": registered_code(registry.metrics, "size").digest, "sampling": gap["sampling"]}
    return Record(cell=cell, status="ok", scores={"gap": 1.0, "size": 10.0}, code={"gap": gap, "size": size})


def test_nothing_changed_where_the_code_is_that_of_then(record, registry):
    assert Provenance(registry).of_record(record) == []


def test_each_part_is_told_by_its_name(record, registry, acme):
    acme.change("acme_level.py", "1.0", "2.0")
    acme.change("acme_gap.py", "OFFSET = 0.0", "OFFSET = 1.0")
    acme.change("acme_look.py", "SCALE = 1.0", "SCALE = 2.0")
    found = Provenance(registry)
    assert found.of_training(record) == ["code of filled changed"]
    assert found.of_scores(record) == {"gap": ["code of metric gap changed", "code of extractor look changed"]}
    assert found.of_scores(record, ["size"]) == {}
    assert len(found.of_record(record)) == 3


@pytest.mark.parametrize("of", ["training", "sampling"])
def test_genharness_itself_is_told(record, registry, of):
    other = dataclasses.replace(record.cell, code={**record.cell.code, "training": "other"})
    record.code["size"]["sampling"] = "other"
    changed = Provenance(registry).of_record(dataclasses.replace(record, cell=other))
    assert f"code of genharness's {of} changed" in changed


def test_a_record_without_code_is_of_unknown_code(record, registry):
    old = dataclasses.replace(record, cell=dataclasses.replace(record.cell, code={}), code={})
    assert Provenance(registry).of_training(old) == [UNKNOWN_CODE]
    assert Provenance(registry).of_scores(old, ["gap"]) == {}
    assert Provenance(registry).of_record(old) == [UNKNOWN_CODE]


def test_scores_without_code_in_a_cell_with_it_are_of_unknown_code(record, registry):
    del record.code["gap"]
    assert Provenance(registry).of_scores(record, ["gap", "size"]) == {"gap": [UNKNOWN_CODE]}


def test_samples_made_elsewhere_have_no_training(record, registry):
    cell = dataclasses.replace(record.cell, code={})
    assert Provenance(registry).of_training(dataclasses.replace(record, cell=cell, source="external")) == []


def test_what_is_not_installed_cannot_be_compared(record, registry):
    cell = dataclasses.replace(record.cell, model="gone")
    code = {"gone": {"metric gone": "0" * 16, "extractor gone": "0" * 16, "something new": "0" * 16}}
    assert Provenance(registry).of_record(dataclasses.replace(record, cell=cell, code=code)) == []


def test_a_part_is_looked_up_once(record, registry, monkeypatch):
    found = Provenance(registry)
    found.of_record(record)
    monkeypatch.setattr(found, "_looked_up", None)
    assert found.of_record(record) == []


def test_cells_that_were_asked_for_otherwise_are_not_compared(record):
    for changes in ({"seed": 1}, {"options": {"level": 1.0}}, {"protocol": dataclasses.replace(PROTOCOL, seed=1)}):
        assert differences(record.cell, dataclasses.replace(record.cell, **changes)) is None


def test_data_of_unknown_content_differ_in_nothing(record):
    for before, now in (("", "abc"), ("abc", ""), ("abc", "abc")):
        one, other = (
            dataclasses.replace(record.cell, protocol=dataclasses.replace(PROTOCOL, dataset_hash=content))
            for content in (before, now)
        )
        assert differences(one, other).lines == ()


def test_a_cell_whose_code_changed_since_it_was_planned_is_refused(record, registry, acme):
    refuse_changed(record.cell, registry)
    acme.change("acme_level.py", "1.0", "2.0")
    with pytest.raises(RunError, match="code of filled changed since this run was planned: run again"):
        refuse_changed(record.cell, registry)


def test_a_cell_whose_files_changed_since_it_was_planned_is_refused(record, registry, tmp_path):
    paths = [tmp_path / name for name in ("level.txt", "scale.txt")]
    for path in paths:
        path.write_text("0.5")
    content = content_of(paths[0])
    protocol = dataclasses.replace(
        PROTOCOL, extractor_options={"weights": str(paths[1])}, inputs={"look.weights": content}
    )
    cell = dataclasses.replace(
        record.cell, options={"weights": str(paths[0])}, inputs={"weights": content}, protocol=protocol
    )
    refuse_changed(cell, registry)
    paths[0].write_text("0.6")
    paths[1].unlink()
    with pytest.raises(RunError, match=f"content of {paths[0]} and content of {paths[1]} changed"):
        refuse_changed(cell, registry)
