"""The import rules: what is light stays light."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "harness" / "genharness"
HEAVY = {"torch", "torchvision", "scipy", "sklearn"}
COMPUTING = HEAVY - {"scipy"}
"""Tests of rows of several seeds take scipy's distributions."""


def loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def modules(*rooms):
    """Return an import of every module of some rooms."""
    found = [path.relative_to(CORE.parent) for room in rooms for path in sorted((CORE / room).rglob("*.py"))]
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in found]
    return f"import {', '.join(names)}"


def test_what_things_are_needs_the_standard_library_only():
    more = loaded_by(modules("spec", "stats")) - loaded_by("import genharness")
    assert {name.partition(".")[0] for name in more} <= {"genharness", *sys.stdlib_module_names}


def test_plans_records_and_boards_are_made_without_numpy():
    assert not loaded_by(modules("spec", "stats", "plugin", "results", "board", "study")) & {*HEAVY, "numpy"}


def test_every_light_room_leaves_heavy_libraries_unimported():
    assert not loaded_by(modules("data", "figures", "files", "images", "cli")) & HEAVY


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["list"], ["info", "dcgan"], ["leaderboard", "--help"], ["run", "--help"], ["run", "--plan"]]
    + [[command, "--help"] for command in ("plot", "animate", "publish", "merge", "watch", "report", "search")],
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


RECORDS = """
from pathlib import Path
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record
from genharness.results.store import Store
protocol = Protocol(extractor='classifier', sample_count=10)
store = Store(Path('results'))
store.open_for_writing()
for seed, score in enumerate((1.0, 2.0)):
    for model in ('vae', 'gan'):
        cell = Cell(model=model, dataset='digits', seed=seed, budget='smoke', length='1steps', protocol=protocol)
        known = {'protocol': protocol.as_plain(), 'protocol_hash': 'x'}
        store.save(Record(cell=cell, status='ok', scores={'fid': score}, **known))
"""


@pytest.mark.parametrize(
    ("commands", "light"),
    [
        (["leaderboard results"], {*HEAVY, "numpy"}),
        (["compare vae gan --results results"], COMPUTING),
        (["report results", "watch results --once", "status results"], COMPUTING),
        (["publish results --to out", "merge out --to all", "leaderboard all"], COMPUTING),
    ],
    ids=lambda one: one[0].split()[0] if isinstance(one, list) else "",  # a set has no order to be named by
)
def test_commands_that_read_records_leave_heavy_libraries_unimported(commands, light, tmp_path):
    code = f"""
import os
os.chdir({str(tmp_path)!r})
{RECORDS}
sys.stdout = open(os.devnull, 'w')
from genharness.cli.main import main
for command in {commands!r}:
    sys.argv = ['genharness', *command.split()]
    try:
        main()
    except SystemExit as end:
        assert not end.code, end.code
sys.stdout = sys.__stdout__
"""
    assert not loaded_by(code) & light
