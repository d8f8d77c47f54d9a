"""What a node must have in common with the command."""

import dataclasses
import importlib.metadata

import pytest

from genharness.errors import RunError
from genharness_exec_ray.checks import expecting, unmet

HERE = {"genharness": importlib.metadata.version("genharness")}


def test_this_machine_meets_its_own_expectation(tmp_path):
    with expecting(tmp_path / "results") as expectation:
        assert unmet(expectation, HERE) == ""


def test_the_tokens_are_gone_afterwards(tmp_path):
    with expecting(tmp_path / "results") as expectation:
        pass
    left = [folder / expectation.token for folder in (expectation.results, expectation.home)]
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize(("field", "named"), [("results", "results folder"), ("home", "GENHARNESS_HOME")])
def test_a_folder_that_is_another_one_on_the_node_is_named(tmp_path, field, named):
    with expecting(tmp_path / "results") as expectation:
        elsewhere = dataclasses.replace(expectation, **{field: tmp_path / "elsewhere"})
        line = unmet(elsewhere, HERE)
    assert f"the {named} {tmp_path / 'elsewhere'} is not visible on node" in line
    assert line.endswith("use a shared file system")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["genharness", "a-plugin-of-somebody"])
def test_another_version_is_named_with_what_to_install(tmp_path, name):
    with expecting(tmp_path / "results") as expectation:
        line = unmet(expectation, {**HERE, name: "99.1"})
    assert "where the command has 99.1" in line
    assert line.endswith(f"install {name}==99.1 there")


def test_a_results_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "results").write_text("")
    with pytest.raises(RunError, match="cannot write to"), expecting(tmp_path / "results"):
        pass
