"""What lies beside records, as a stranger wrote it: decisions, searches, markers, indexes of published folders."""

import functools
import json

import numpy as np
import pytest
from hypothesis import strategies as st

from board_records import seeds
from fuzzing import INPUTS, refusable, value_campaign, values
from genharness.board.build import build
from genharness.figures.recorded import markers_of_board
from genharness.plugin.registry import load_registry
from genharness.results.decisions import KeptDecisions, kept_decisions, load_decisions, save_decisions
from genharness.results.published import checked_files, write_index
from genharness.results.searches import KeptSearch, Try, load_search, save_search
from json_fuzz import with_value
from seed_studies import scores, studied


def strategy(path, *words):
    """Return what makes the JSON of a sound file in which one value is another."""
    plain = json.loads(path.read_bytes())
    names = sorted({*plain, *words})
    return st.builds(functools.partial(with_value, [plain], names), st.integers(0, 2**64), values(names))


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@INPUTS
def test_decisions(registry, tmp_path, inputs):
    made = studied(scores(np.random.default_rng(0), [0, 0.01, 1])).decisions
    rows = {row: seeds(row, [3.0 + place, 3.5, 4.0]) for place, row in enumerate(made.plan.rows)}
    records = [one for several in rows.values() for one in several]
    cells = {row: [one.cell.id for one in several] for row, several in rows.items()}
    kept = KeptDecisions(dataset="digits", metric="fid", title="FD", cells=cells, decisions=made, lost={"m0": [0, 3]})
    save_decisions(tmp_path, kept)
    (path,) = (tmp_path / "decisions").iterdir()

    def check(content):
        path.write_bytes(content)
        with refusable():
            load_decisions(tmp_path, kept.name)
        build(records, registry, decisions=kept_decisions(tmp_path))

    value_campaign(inputs, strategy(path, "rows", "limit", "looks"), check, tmp_path)


@INPUTS
def test_searches(tmp_path, inputs):
    tries = (
        Try(number=0, options={"lr": 0.1}, cell="a", state="done", score=1.5, seconds=2.0),
        Try(number=1, options={"lr": 0.2}, cell="b", state="pruned", over_training={"10": 3.0}),
    )
    search = KeptSearch(asked={"model": "vae", "axes": ["lr 0.1 to 1"]}, tries=tries, best=(0,))
    save_search(tmp_path, search)
    (path,) = (tmp_path / "searches").iterdir()

    def check(content):
        path.write_bytes(content)
        with refusable():
            found = load_search(tmp_path, KeptSearch(asked=search.asked))
            assert all(0 <= number < len(found.tries) for number in found.best)

    value_campaign(inputs, strategy(path, "best", "state"), check, tmp_path)


@INPUTS
def test_markers(registry, tmp_path, inputs):
    path = tmp_path / "markers.json"
    path.write_text(json.dumps({"mine": [0, 1], "vae": [1, 1]}))
    board = build([*seeds("mine", [1, 2]), *seeds("vae", [3, 4])], registry)

    def check(content):
        path.write_bytes(content)
        assert markers_of_board(board, tmp_path).keys() == {"mine", "vae"}

    value_campaign(inputs, strategy(path, "mine"), check, tmp_path)


@INPUTS
def test_indexes_of_published_folders(tmp_path, inputs):
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "a.json").write_text("{}")
    write_index(tmp_path)
    path = tmp_path / "index.json"

    def check(content):
        path.write_bytes(content)
        with refusable():
            assert set(checked_files(tmp_path)) <= {"records/a.json"}

    value_campaign(inputs, strategy(path, "../a.json", "records/../../a.json", "/etc/passwd"), check, tmp_path)
