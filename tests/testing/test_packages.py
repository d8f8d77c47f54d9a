"""`genharness check`: a package before anything of it was edited passes; one that breaks a contract is told which."""

import itertools
import signal
import sys

import pytest

from genharness.errors import ConfigError, PluginError
from genharness.scaffold.examples import KINDS
from genharness.scaffold.packages import write_package
from genharness.testing.check import Check
from genharness.testing.packages import modules_of, package_checks, registered, run_checks

_NUMBERS = itertools.count()


@pytest.fixture
def package(tmp_path):
    """Write a package of a name of its own, with some text in the place of other text."""
    path = list(sys.path)

    def write(kind, **changes):
        name = f"{kind}-{next(_NUMBERS)}"
        folder = tmp_path / name
        write_package(folder, kind, name)
        for file in folder.rglob("*.py"):
            text = file.read_text()
            for old, new in changes.items():
                text = text.replace(*new) if old.startswith("change") else text
            file.write_text(text)
        return folder

    yield write
    sys.path[:] = path


def results(folder):
    return list(run_checks(package_checks(registered(modules_of(str(folder))))))


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_package_keeps_the_contract_as_it_stands(package, kind):
    found = results(package(kind))
    assert found
    assert [one.reason for one in found if one.outcome == "failed"] == []
    assert all(one.contract for one in found)


@pytest.mark.parametrize(
    ("kind", "old", "new", "reason"),
    [
        ("model", ".detach()}", "}", "still holds its graph"),
        ("model", "generator=generator, ", "", "one generator seed gives different samples"),
        ("dataset", "counts={", "counts={'extra': 5, ", "extra"),
        ("metric", '_gap": abs', '_gop": abs', "compute gives"),
        ("executor", "return\n", "pass\n", "tasks ran although stop was set"),
        ("executor", "yield run_task", "run_task", "NoneType"),
        ("reporter", 'return "\\n".join', 'return b"\\n".join', "bytes"),
        ("reporter", "lines = []", "lines = []; board.groups.extend(board.groups[:1])", "the second time"),
        ("tracker", "def start(self, tasks):", "def begin(self, tasks):", "start"),
        ("tracker", 'open(self.path, "a")', "None", "close"),
    ],
)
def test_a_fault_is_named_with_what_the_contract_says(package, kind, old, new, reason):
    failed = [one for one in results(package(kind, change=(old, new))) if one.outcome == "failed"]
    assert failed
    assert any(reason in one.reason for one in failed), [one.reason for one in failed]
    assert all(one.contract for one in failed)


def test_what_is_no_package_is_refused_in_one_line(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        modules_of(str(tmp_path))
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with pytest.raises(ConfigError, match="registers no plugin"):
        modules_of(str(tmp_path))
    (tmp_path / "pyproject.toml").write_text("= 3")
    with pytest.raises(ConfigError, match="no project file"):
        modules_of(str(tmp_path))
    with pytest.raises(
        ConfigError, match="no package 'nope' with plugins is installed, and no folder here is called so"
    ):
        modules_of("nope")


@pytest.mark.parametrize("text", ["raise SystemExit", "import nothing_there", "x = 1"])
def test_a_module_that_is_broken_or_has_no_hook_is_named(tmp_path, monkeypatch, text):
    name = f"broken_{next(_NUMBERS)}"
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(PluginError, match=name):
        registered([name])


def test_the_built_in_packages_are_found():
    assert "genharness_model_gan" in modules_of("genharness")


def test_a_file_of_plugins_is_checked_as_a_package_is(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    source = "import genharness\n@genharness.reporter('r')\ndef render(board, options): return ''"
    (tmp_path / "trial_of_checks.py").write_text(source)
    assert [spec.name for spec in registered(modules_of(str(tmp_path / "trial_of_checks.py")))["reporters"]] == ["r"]
    (tmp_path / "trial_of_faults.py").write_text("1 / 0")
    with pytest.raises(PluginError, match=r"trial_of_faults\.py cannot be imported: .*ZeroDivisionError"):
        modules_of(str(tmp_path / "trial_of_faults.py"))


def test_a_plugin_that_raises_what_ctrl_c_does_is_named_and_the_next_check_is_made():
    def interrupts():
        raise KeyboardInterrupt

    found = list(run_checks([Check("bad", interrupts), Check("good", lambda: None)]))
    assert [(one.name, one.outcome) for one in found] == [("bad", "failed"), ("good", "ok")]
    assert found[0].reason.startswith("KeyboardInterrupt")


def test_the_users_ctrl_c_ends_the_checks():
    with pytest.raises(KeyboardInterrupt):
        list(run_checks([Check("long", lambda: signal.raise_signal(signal.SIGINT))]))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
