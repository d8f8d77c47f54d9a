"""`genharness compare`: what it prints and how it refuses."""

import json

import pytest

from genharness.cells import Cell
from genharness.protocol import Protocol
from genharness.records import Record
from genharness.store import Store


@pytest.fixture
def results(tmp_path):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    protocol = Protocol(extractor="classifier", sample_count=10)
    for model, base in (("vae", 10.0), ("dcgan", 20.0)):
        for seed in range(4):
            cell = Cell(
                model=model, dataset="digits", seed=seed, budget="smoke", length="1steps", protocol=protocol
            )
            scores = {"fid": base + seed}
            store.save(
                Record(
                    cell=cell, status="ok", scores=scores, protocol=protocol.as_plain(), protocol_hash=protocol.hash
                )
            )
    return store.folder


def test_the_table_says_in_words_which_row_is_better(genharness, results):
    done = genharness("compare", "vae", "dcgan")
    assert done.returncode == 0, done.stderr
    assert "vae is better than dcgan: ratio 0.5" in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_json_holds_the_scores_and_the_verdict(genharness, results):
    done = genharness("compare", "vae", "dcgan", "--metric", "fid", "--format", "json")
    (found,) = json.loads(done.stdout)
    (metric,) = found["metrics"]
    assert metric["scores"]["vae"] == {"0": 10.0, "1": 11.0, "2": 12.0, "3": 13.0}
    (pair,) = metric["pairs"]
    assert (pair["verdict"], pair["paired"], pair["n"]) == ("better", True, [4, 4])


def test_a_mistake_is_one_line_and_exit_code_two(genharness, results):
    done = genharness("compare", "vea", "dcgan")
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["error: no row 'vea' in results; did you mean 'vae'?"]
