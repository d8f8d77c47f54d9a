"""The import rules: what is light stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "harness" / "genharness"
PLUGINS = ROOT / "plugins"
HEAVY = {"torch", "torchvision", "scipy", "sklearn"}
LIGHT_PLUGIN_FILES = sorted([*PLUGINS.glob("*/__init__.py"), *PLUGINS.glob("*/configs.py")])


def imported(path: Path) -> set[str]:
    """Return every module that a file imports at its top level, but for type checkers."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def tops(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


def loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


@pytest.mark.parametrize("name", ["errors", "spec/plugins", "spec/options", "spec/protocol", "spec/length"])
def test_the_first_layer_needs_the_standard_library_only(name):
    assert tops(CORE / f"{name}.py") <= set(sys.stdlib_module_names) | {"genharness"}


@pytest.mark.parametrize("path", LIGHT_PLUGIN_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_a_plugin_says_of_itself_imports_nothing_heavy(path):
    assert tops(path) <= set(sys.stdlib_module_names) | {"genharness", path.parent.name}


@pytest.mark.parametrize("path", sorted(PLUGINS.rglob("*.py")), ids=lambda path: str(path.relative_to(PLUGINS)))
def test_plugins_never_import_each_other(path):
    own = path.relative_to(PLUGINS).parts[0]
    assert not {name for name in tops(path) if name.startswith("genharness_")} - {own}


@pytest.mark.parametrize("path", sorted(CORE.rglob("*.py")), ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_never_imports_a_plugin(path):
    assert not {name for name in tops(path) if name.startswith("genharness_")}


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["list"], ["info", "dcgan"], ["leaderboard", "--help"], ["run", "--help"], ["run", "--plan"]],
    ids=" ".join,
)
def test_light_commands_leave_heavy_libraries_unimported(arguments, tmp_path):
    code = f"""
import os
os.chdir({str(tmp_path)!r})
sys.argv = ['genharness', *{arguments!r}]
sys.stdout = open(os.devnull, 'w')
from genharness.cli.main import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
sys.stdout = sys.__stdout__
"""
    assert not loaded_by(code) & HEAVY


def test_the_leaderboard_of_records_leaves_heavy_libraries_and_numpy_unimported(tmp_path):
    code = f"""
from pathlib import Path
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record
from genharness.results.store import Store
protocol = Protocol(extractor='classifier', sample_count=10)
cell = Cell(model='vae', dataset='digits', seed=0, budget='smoke', length='1steps', protocol=protocol)
store = Store(Path({str(tmp_path)!r}))
store.open_for_writing()
store.save(Record(cell=cell, status='ok', scores={{'fid': 1.0}}, protocol=protocol.as_plain(), protocol_hash='x'))
sys.argv = ['genharness', 'leaderboard', {str(tmp_path)!r}]
import os
sys.stdout = open(os.devnull, 'w')
from genharness.cli.main import main
main()
sys.stdout = sys.__stdout__
"""
    assert not loaded_by(code) & {*HEAVY, "numpy"}
