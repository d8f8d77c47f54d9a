"""A new package is whole, and is written whole or not at all."""

import tomllib

import pytest

from genharness.errors import DataError
from genharness.scaffold.examples import KINDS
from genharness.scaffold.packages import package_files, write_package


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_has_what_pip_tests_and_ci_need(kind):
    files = package_files(kind, "other-thing")
    project = tomllib.loads(files["pyproject.toml"])
    assert project["project"]["entry-points"]["genharness"] == {"other-thing": "other_thing"}
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["other_thing"]
    for path, text in files.items():
        if path.endswith(".py"):
            compile(text, path, "exec")
    assert "- run: genharness check ." in files[".github/workflows/tests.yml"]


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path):
    (tmp_path / "kept").write_text("mine")
    with pytest.raises(DataError, match="is there already"):
        write_package(tmp_path, "model", "my-gan")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_package(tmp_path / "file" / "my-gan", "model", "my-gan")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
