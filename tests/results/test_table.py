"""`genharness.load_results`: a results folder as a table."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

import genharness
from genharness.errors import RunError
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.spec.history import History
from genharness.spec.protocol import Protocol
from genharness.spec.record import MEASUREMENTS, Record

DOCS = Path(__file__).resolve().parents[2] / "docs" / "records.md"
SCHEMA = Path(genharness.__file__).with_name("record.schema.json")


@pytest.fixture
def results(tmp_path):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    protocol = Protocol(extractor="classifier", sample_count=10)
    for seed in range(2):
        cell = Cell(
            model="vae",
            dataset="digits",
            seed=seed,
            budget="smoke",
            length="4steps",
            protocol=protocol,
            options={"lr": 0.1},
        )
        store.save(
            Record(
                cell=cell,
                status="ok" if seed == 0 else "diverged",
                reason="" if seed == 0 else "loss is nan at step 4",
                scores={"fid": 1.5, "is": None} if seed == 0 else {},
                measurements={"train_seconds": 10.0},
                protocol=protocol.as_plain() if seed == 0 else {},
                protocol_hash=protocol.hash if seed == 0 else "",
                facts={"classifier_accuracy": 0.9},
                history=History(
                    losses={"step": [1, 2, 3, 4], "loss": [9.0, 1.0, 2.0, 4.0 if seed == 0 else float("nan")]},
                    scores={"step": [2, 4], "fid": [1.0, 1.5]},
                    events=[] if seed == 0 else [{"step": 4, "event": "diverged", "losses": ["loss"]}],
                ),
                environment={"cpu": "one", "packages": {}},
            )
        )
    return store.folder


def test_every_cell_is_a_flat_dictionary_with_the_keys_of_the_leaderboard(results):
    first, second = genharness.load_results(results)
    by_seed = {row["seed"]: row for row in (first, second)}
    ok, lost = by_seed[0], by_seed[1]
    assert (ok["fid"], ok["train_seconds"], ok["option.lr"], ok["protocol.extractor"]) == (1.5, 10.0, 0.1, "classifier")
    assert (ok["fact.classifier_accuracy"], ok["environment.cpu"]) == (0.9, "one")
    assert (lost["status"], lost["reason"]) == ("diverged", "loss is nan at step 4")
    assert "fid" not in lost
    assert "is" not in ok


def test_pandas_takes_it_as_it_is(results):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(genharness.load_results(str(results)))
    assert table[table.status == "ok"].groupby("model").fid.mean().to_dict() == {"vae": 1.5}
    assert table.fid.isna().sum() == 1


def test_stability_is_there_when_asked_for(results):
    by_seed = {row["seed"]: row for row in genharness.load_results(results, stability=True)}
    assert by_seed[0]["loss_variance.loss"] == pytest.approx(2.0)  # of 2 and 4
    assert by_seed[0]["last_minus_best.fid"] == 0.5
    assert (by_seed[0]["nan_events"], by_seed[1]["nan_events"]) == (0, 1)


def test_a_missing_folder_says_what_to_do(tmp_path):
    with pytest.raises(RunError, match=r"there are no results in .*: run `genharness run` first"):
        genharness.load_results(tmp_path / "nowhere")


def test_loading_imports_neither_torch_nor_numpy(results):
    script = f"import sys, genharness; genharness.load_results({str(results)!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"torch", "scipy", "numpy", "pandas"} & set(done.stdout.split())


def test_another_missing_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'load_result'"):
        genharness.load_result  # noqa: B018


def test_the_records_of_this_test_fit_the_schema(results):
    schema = json.loads(SCHEMA.read_text())
    for path in (results / "records").glob("*.json"):
        jsonschema.validate(json.loads(path.read_text()), schema)


@pytest.mark.parametrize("key", [*json.loads(SCHEMA.read_text())["properties"], *MEASUREMENTS])
def test_the_page_about_records_names_everything_that_a_record_holds(key):
    assert f"`{key}`" in DOCS.read_text()
