"""The house: no circles, no full rooms, one meaning a name. `lint-imports` holds the floors (pyproject.toml)."""

import ast
import graphlib
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE, PLUGINS, TESTS = ROOT / "harness" / "genharness", ROOT / "plugins", ROOT / "tests"
MOST_FILES = 21
"""In one folder, `__init__.py` among them: what can be seen at a glance."""


TESTED_ELSEWHERE = {
    "api/asking": "what is asked for: api/test_studies and cli/test_run",
    "board/sweeps/untrained": "settings of which nothing was trained: board/sweeps/test_pivot and test_importance",
    "board/render": "a board as text: api/test_boards, and every reporter's tests",
    "cli/screen/data_views": "what `data` prints: cli/test_data",
    "engine/costs/guarded": "what a sampler leaves changed: engine/test_sampler",
    "external/registering": "what is saved of samples made elsewhere: api/test_samples and cli/test_evaluate",
    "external/score": "one set from path to record: external/test_request",
    "identity/meaning": "records without behaviour",
    "kit/evaluation": "a contract; measure/test_evaluation tests what keeps it",
    "kit/extractor": "a contract; testing/test_extractors and every extractor's tests hold to it",
    "cells/costs": "a phase of a cell: engine/test_costs measures, cells/test_cell breaks each measurement",
    "cells/draw": "samples of a finished cell: cli/test_sample",
    "cells/reconstruct": "reconstructions of a finished cell: cli/test_verify",
    "cells/restore": "a finished cell's model: cli/test_sample and cli/test_verify",
    "cells/score": "a phase of a cell, which cells/test_cell runs whole",
    "cells/train": "a phase of a cell, which cells/test_cell runs whole",
    "spec/dataset_facts": "a record without behaviour",
    "spec/report": "a name for a type",
    "testing/records": "what testing/test_reporters and testing/test_trackers are given",
    "testing/datasets": "testing/test_conformance runs it on every bundled dataset",
    "verify/brute_classes": "likewise",
    "verify/brute_copying": "a second opinion: verify/test_brute holds every metric against it",
    "verify/brute_frechet": "likewise",
    "verify/brute_kernels": "likewise",
    "verify/brute_neighbours": "likewise",
    "verify/images": "our scores beside the libraries' own: cli/test_verify",
    "verify/pairwise": "all pairs: whatever verify/test_brute asks",
    "verify/peers": "the list of peers",
    "verify/subset": "a part of a large evaluation: verify/test_brute",
    "measure/read_only": "what metrics cannot change: measure/test_scoring",
    "measure/stated": "what metrics state and show: measure/test_scoring",
}
"""Modules of the core without a test of their own name, and where they are tested or why not."""


def sources():
    """Return every module of the core and the plugins by its dotted name."""
    files = [(path, path.relative_to(CORE.parent)) for path in CORE.rglob("*.py")]
    files += [(path, path.relative_to(PLUGINS)) for path in PLUGINS.rglob("*.py")]
    return {".".join(name.with_suffix("").parts).removesuffix(".__init__"): path for path, name in files}


def imported(tree, known):
    """Yield the modules that a file imports, wherever in it: in functions and for type checkers too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            parts = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (part if part in known else node.module for part in parts)


def circle(modules):
    """Return a circle among modules, each given with what it imports, or None."""
    try:
        graphlib.TopologicalSorter(modules).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return None


def test_no_modules_import_each_other_in_a_circle():
    known = sources()
    graph = {name: set(imported(ast.parse(path.read_text()), known)) & known.keys() for name, path in known.items()}
    assert circle(graph) is None


def test_a_circle_is_found_wherever_the_import_stands():
    texts = {
        "a": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p import b",
        "p.b": "def f():\n    import c",
        "c": "from a import x",
    }
    assert circle({name: set(imported(ast.parse(text), texts)) for name, text in texts.items()})


def test_six_python_files_at_most_stand_at_the_door():
    assert len(list(CORE.glob("*.py"))) <= 6


@pytest.mark.parametrize("top", [CORE, PLUGINS], ids=lambda top: top.name)
def test_no_room_is_full(top):
    counts = Counter(path.parent for path in top.rglob("*.py"))
    assert {str(folder.relative_to(ROOT)): n for folder, n in counts.items() if n > MOST_FILES} == {}


def test_a_class_name_stands_once_in_the_tree():
    trees = [ast.parse(path.read_text()) for path in sources().values()]
    names = Counter(node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef))
    assert [name for name, count in names.items() if count > 1 and not name.startswith("_")] == []


def test_the_linter_knows_every_plugin():
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    packages = {path.parent.name for path in PLUGINS.glob("*/__init__.py")}
    (known,) = [one["layers"][0] for one in linter["contracts"] if one.get("layers", [])[1:] == ["genharness"]]
    assert set(linter["root_packages"]) == {"genharness", *packages}
    assert {word.strip() for word in known.split("|")} == packages


def test_every_exception_from_a_rule_of_security_has_its_reason():
    folders = [ROOT / name for name in ("harness", "plugins", "benchmarks")]
    lines = [line for folder in folders for path in folder.rglob("*.py") for line in path.read_text().splitlines()]
    excepted = [line for line in lines if re.search(r"# noqa:[A-Z0-9, ]*\bS\d", line)]
    assert excepted
    assert all(re.search(r"# noqa:[A-Z0-9, ]+ +-- \w", line) for line in excepted), excepted


def test_every_module_has_its_test_or_a_reason():
    modules = {str(path.relative_to(CORE).with_suffix("")) for path in CORE.glob("*/**/*.py")}
    modules = {name for name in modules if not name.endswith("__init__")}
    untested = {name for name in modules if not (TESTS / Path(name).parent / f"test_{Path(name).name}.py").is_file()}
    assert sorted(untested ^ TESTED_ELSEWHERE.keys()) == []


def test_every_plugin_is_imported_by_a_test():
    texts = [path.read_text() for path in TESTS.rglob("test_*.py")]
    packages = {path.parent.name for path in PLUGINS.glob("*/__init__.py")}
    assert sorted(name for name in packages if not any(name in text for text in texts)) == []
