"""docs/first.ipynb: ten lines that do what the first screen of README does, as Python runs them and as Jupyter does."""

import ast
import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "first.ipynb"


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return json.loads(NOTEBOOK.read_text().replace('budget=\\"smoke\\"', 'budget=\\"2steps\\"'))


def sources(notebook):
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_it_has_ten_lines_at_most_and_no_output_is_kept(notebook):
    lines = [line for source in sources(notebook) for line in source.splitlines() if line]
    assert len(lines) <= 10
    assert not any(cell.get("outputs") for cell in notebook["cells"])


def shown(source, names):
    """Run a cell and return its last expression as a notebook shows it."""
    *statements, last = ast.parse(source).body
    exec(compile(ast.Module(statements, []), "cell", "exec"), names)
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    return value._repr_html_() if hasattr(value, "_repr_html_") else repr(value)


@pytest.mark.slow
def test_its_cells_rank_the_models_of_the_first_screen(notebook):
    pytest.importorskip("pandas")
    names = {}
    board, frame, verdict, last = [shown(source, names) for source in sources(notebook)]
    assert all(model in board and model in frame for model in ("vae", "dcgan", "gaussian", "real", "noise"))
    assert "<table" in board
    assert "vae" in verdict
    assert last == "(5, {})"


@pytest.mark.slow
def test_jupyter_runs_it(notebook):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    node = nbformat.reads(json.dumps(notebook), as_version=4)
    nbclient.NotebookClient(node, timeout=600).execute()
    given = [cell["outputs"][-1]["data"] for cell in node["cells"] if cell["cell_type"] == "code"]
    assert "dcgan" in given[0]["text/html"]
    assert given[-1]["text/plain"] == "(5, {})"
