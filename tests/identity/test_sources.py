"""Where source lies, found without importing anything."""

import sys
import zipfile

import pytest

from genharness.identity.sources import find_source, is_installed, top_packages


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Lay files out on the path of imports."""

    def lay(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        return tmp_path

    return lay


def test_modules_packages_and_submodules_are_found_and_not_imported(tree):
    bomb = "raise RuntimeError('imported')"
    folder = tree(
        {"srcpack/__init__.py": bomb, "srcpack/a/__init__.py": bomb, "srcpack/a/b.py": bomb, "srcmod.py": bomb}
    )
    assert find_source("srcmod").path == str(folder / "srcmod.py")
    assert find_source("srcpack.a").path == str(folder / "srcpack/a/__init__.py")
    found = find_source("srcpack.a.b")
    assert found.path == str(folder / "srcpack/a/b.py")
    assert found.content() == bomb.encode()
    assert not {"srcpack", "srcpack.a", "srcmod"} & set(sys.modules)


def test_relative_imports_start_from_the_package(tree):
    tree({"relpack/__init__.py": "", "relpack/a.py": ""})
    assert find_source("relpack").package == "relpack"
    assert find_source("relpack.a").package == "relpack"


@pytest.mark.parametrize("name", ["nowhere_at_all", "nowhere_at_all.below", "json.nowhere", "json.decoder.below"])
def test_what_is_not_there_is_not_found(name):
    assert find_source(name) is None


def test_a_file_that_has_just_been_written_is_found(tree):
    folder = tree({"growing/__init__.py": ""})
    assert find_source("growing.late") is None
    (folder / "growing" / "late.py").write_text("")
    assert find_source("growing.late") is not None


def test_a_namespace_package_has_no_file_and_its_modules_do(tree):
    folder = tree({"spacious/inner.py": "X = 1"})
    found = find_source("spacious")
    assert (found.path, found.content()) == ("", b"")
    assert found.locations == (str(folder / "spacious"),)
    assert find_source("spacious.inner").content() == b"X = 1"


def test_source_in_an_archive_is_found_and_read(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("zipped/__init__.py", "X = 1")
        archive.writestr("zipped/inner.py", "Y = 2")
    monkeypatch.syspath_prepend(tmp_path / "code.zip")
    assert find_source("zipped").content() == b"X = 1"
    assert find_source("zipped.inner").content() == b"Y = 2"


def test_an_extension_is_found():
    found = find_source("numpy._core._multiarray_umath")
    assert not found.path.endswith(".py")
    assert found.content()


def test_a_built_in_module_has_no_file():
    assert find_source("sys").path == ""


def test_a_script_that_runs_is_found_by_its_file(tmp_path, monkeypatch):
    script = tmp_path / "script.py"
    script.write_text("X = 1")
    module = type(sys)("__main__")
    module.__file__, module.__spec__ = str(script), None
    monkeypatch.setitem(sys.modules, "__main__", module)
    assert find_source("__main__").content() == b"X = 1"


def test_python_itself_and_installed_packages_are_told_from_code_under_development():
    assert is_installed(find_source("json").path)
    assert is_installed(find_source("numpy").path)
    assert not is_installed(find_source("genharness.errors").path)
    assert not is_installed("/home/somebody/project/model.py")


def test_a_distribution_says_which_packages_it_has():
    assert "numpy" in top_packages("numpy")
    assert top_packages("no-such-distribution") == frozenset()
    assert top_packages("") == frozenset()
