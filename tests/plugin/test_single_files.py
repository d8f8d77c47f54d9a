"""Plugins in one file, installed nowhere."""

import os
import sys

import pytest

from genharness.errors import ConfigError, PluginError
from genharness.identity.parts import registered_code
from genharness.plugin.registry import load_factory, load_registry
from genharness.plugin.single_files import VARIABLE, add_plugin_files, content_digest, import_file, plugin_files

FILE = """
import genharness

@genharness.model("one-file-model")
class OneFileModel:
    '''A model in one file.'''
    version = {version}
"""


@pytest.fixture
def one_file(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = tmp_path / "trial_of_one_file.py"
    path.write_text(FILE.format(version=1))
    yield path
    sys.modules.pop("trial_of_one_file", None)


def test_a_file_that_is_named_is_a_plugin_with_its_content_for_a_version(one_file):
    add_plugin_files([str(one_file)])
    add_plugin_files([str(one_file)])
    assert os.environ[VARIABLE] == str(one_file)
    assert plugin_files() == [one_file]
    registry = load_registry()
    spec = registry.models.find("one-file-model")
    assert str(registry.models.provider(spec.name)) == f"trial_of_one_file.py {content_digest(one_file)}"
    assert (spec.summary, load_factory(spec).version) == ("A model in one file.", 1)


def test_the_code_of_a_file_is_part_of_what_a_result_depends_on(one_file, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(one_file))
    registry = load_registry()
    before = registered_code(registry.models, "one-file-model")
    one_file.write_text(FILE.format(version=2))
    assert before.modules == ("trial_of_one_file",)
    assert registered_code(registry.models, "one-file-model").digest != before.digest


@pytest.mark.parametrize(
    ("content", "reason"), [("1 / 0", "ZeroDivisionError"), ("raise SystemExit(3)", "SystemExit"), ("", "no hook")]
)
def test_a_broken_file_is_a_fault_and_breaks_nothing_else(one_file, monkeypatch, content, reason):
    one_file.write_text(content)
    monkeypatch.setenv(VARIABLE, os.pathsep.join([str(one_file), "/nowhere/gone.py"]))
    registry = load_registry()
    assert "dcgan" in registry.models
    mine = {str(problem.provider.distribution): problem.reason for problem in registry.problems}
    assert reason in mine["trial_of_one_file.py"]
    assert "/nowhere/gone.py cannot be read" in mine["gone.py"]


def test_what_is_no_python_file_is_refused(tmp_path):
    (tmp_path / "a.txt").touch()
    for name in ("a.txt", "none.py", "."):
        with pytest.raises(ConfigError, match="is no Python file"):
            add_plugin_files([str(tmp_path / name)])


@pytest.mark.parametrize(
    ("name", "reason"), [("my-model.py", "call it by letters"), ("json.py", "another module json")]
)
def test_a_file_whose_name_is_no_module_of_its_own_is_refused(tmp_path, monkeypatch, name, reason):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / name).touch()
    with pytest.raises(PluginError, match=reason):
        import_file(tmp_path / name)
