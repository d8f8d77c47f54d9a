"""Markers lie beside the results: a model keeps its own when others are added."""

import json

import pytest

from board_records import record
from genharness.board.build import build
from genharness.figures.markers import BUILT_IN
from genharness.figures.recorded import FILE, keep_markers, markers_of_board
from genharness.plugin.registry import load_registry


def board(*models):
    return build([record(model, 1.0 + place) for place, model in enumerate(models)], load_registry())


def test_a_strangers_model_keeps_its_marker_when_an_earlier_one_comes(tmp_path):
    first = markers_of_board(board("mine"), tmp_path)["mine"]
    keep_markers(board("mine"), tmp_path)
    later = markers_of_board(board("another", "mine"), tmp_path)
    assert later["mine"] == first != later["another"]
    keep_markers(board("another", "mine"), tmp_path)
    assert json.loads((tmp_path / FILE).read_text()).keys() == {"mine", "another"}


def test_without_a_folder_or_with_a_damaged_file_there_are_markers_too(tmp_path):
    (tmp_path / FILE).write_text("{")
    for folder in (None, tmp_path):
        assert markers_of_board(board("vae"), folder)["vae"] == BUILT_IN["vae"]


@pytest.mark.parametrize("content", ["[]", '{"mine": [1, "x"], "vae": [70, 0]}', "null"])
def test_what_a_file_says_that_cannot_be_is_passed_over(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    assert markers_of_board(board("mine"), tmp_path)["mine"].colour is not None


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path):
    (tmp_path / "file").touch()
    keep_markers(board("mine"), tmp_path / "file" / "results")


def test_failed_models_have_one_too():
    lost = build([record("vae", None, status="failed", reason="x")], load_registry())
    assert "vae" in markers_of_board(lost, None)
