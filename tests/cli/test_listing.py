"""`genharness list`: what there is, and what is broken."""

import json
import sys

import pytest
from click.testing import CliRunner

from genharness.cli.listing import list_plugins
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry


def listed(*arguments):
    done = CliRunner(env={"COLUMNS": "200"}).invoke(list_plugins, arguments)
    if done.exception:
        raise done.exception
    return done


@pytest.mark.parametrize("kind", ["models", "model"])
def test_a_kind_is_asked_for_in_either_number(kind):
    (found,) = json.loads(listed(kind, "--format", "json").stdout).items()
    assert found[0] == "models"
    assert [entry["name"] for entry in found[1]] == list(load_registry().models)


def test_without_a_kind_every_plugin_is_in_the_table():
    text = listed().stdout
    assert all(name in text for kind in load_registry().kinds.values() for name in kind)


def test_who_gave_a_plugin_is_told_of_strangers_alone(make_plugin):
    source = """
from genharness import ReporterSpec, hookimpl

@hookimpl
def genharness_reporters():
    return [ReporterSpec(name="shout", summary="In capitals", factory="a:b")]
"""
    assert "from" not in listed("reporters").stdout.split()
    make_plugin("loud-reports", source, version="7.1")
    assert "loud-reports 7.1" in listed("reporters").stdout


def test_a_broken_plugin_is_named_beside_json_too_which_stays_json(make_plugin):
    make_plugin("broken-toys", "import os\nprint('noise')\nos._exit(0)")
    done = listed("models", "--format", "json")
    assert "vae" in [one["name"] for one in json.loads(done.stdout)["models"]]
    assert "plugin 'broken-toys' of broken-toys 1.0 is broken: SystemExit: it calls os._exit(0)" in done.stderr


def test_a_broken_plugin_is_named_and_hides_no_other(make_plugin):
    make_plugin("broken-toys", "1 / 0")
    done = listed("models")
    assert "dcgan" in done.stdout
    assert "plugin 'broken-toys' of broken-toys 1.0 is broken: ZeroDivisionError" in done.stderr


def test_an_unknown_kind_comes_with_the_nearest():
    with pytest.raises(ConfigError, match="unknown kind 'modles'; did you mean 'models'"):
        listed("modles")


def test_plugins_are_listed_with_package_version_kinds_and_faults(make_plugin, tmp_path, monkeypatch):
    make_plugin("broken-toys", "1 / 0", version="0.3")
    (tmp_path / "trial_of_listing.py").write_text("import genharness\n@genharness.tracker('t')\nclass T: 'One.'")
    monkeypatch.setenv("GENHARNESS_PLUGINS", str(tmp_path / "trial_of_listing.py"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    found = {one["plugin"]: one for one in json.loads(listed("--plugins", "--format", "json").stdout)}
    assert list(found["track-files"]["kinds"]) == ["trackers"]
    assert found["trial_of_listing"]["kinds"] == {"trackers": ["t"]}
    assert found["trial_of_listing"]["package"] == "trial_of_listing.py"
    assert (found["broken-toys"]["version"], found["broken-toys"]["kinds"]) == ("0.3", {})
    assert "ZeroDivisionError" in found["broken-toys"]["faults"][0]
    assert "broken-toys" in listed("--plugins").stdout
