"""`genharness data`: what it prints and how it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import click
import numpy as np
import pytest
from click.testing import CliRunner

from genharness.cli.data import data
from genharness.data import data_home
from genharness.errors import GenharnessError


@pytest.fixture
def run():
    """Run `genharness data ARGUMENTS` as `main` does; a GenharnessError is exit code 2 and its text."""

    def invoke(*arguments, answer=None):
        group = click.Group(commands={"data": data})
        result = CliRunner().invoke(group, ["data", *map(str, arguments)], input=answer)
        error = result.exception
        if error is not None and not isinstance(error, (SystemExit, GenharnessError)):
            raise error
        failed = isinstance(error, GenharnessError)
        return SimpleNamespace(
            code=2 if failed else result.exit_code, text=str(error) if failed else result.stdout, log=result.stderr
        )

    return invoke


def test_every_command_has_an_example(run):
    for command in data.commands:
        text = run(command, "--help").text
        assert f"genharness data {command}" in text.split("Examples:")[1]


def test_prepare_then_list_info_verify_and_remove(run):
    assert "digits" in run("list").text
    prepared = run("prepare", "digits")
    assert prepared.text.startswith("digits: 8x8x1, 1,258 train, 539 test, 0.1 MB")
    assert "digits: good" in run("verify").text
    info = json.loads(run("info", "digits", "--json").text)
    assert info["splits"] == {"train": 1258, "test": 539}
    assert len(info["content_hash"]) == 64
    assert info["class_counts"]["test"]["0"] == 53
    assert "prepared" in run("info", "digits").text
    assert "digits: 0.1 MB freed" in run("remove", "digits", "--yes").text
    assert run("verify").text == "nothing is prepared\n"


def test_views_given_as_options_are_in_the_name(run):
    text = run("prepare", "digits", "--limit", 50, "--validation", 100).text
    assert text.startswith("digits#validation=100,50: 8x8x1, 50 train, 50 validation, 50 test")


def test_several_names_are_prepared_in_one_go(run):
    text = run("prepare", "digits@16", "digits#20").text
    assert [line.split(":")[0] for line in text.splitlines() if not line.startswith(" ")] == ["digits@16", "digits#20"]
    variants = {item["name"] for item in json.loads(run("list", "--json").text)["prepared"]}
    assert variants == {"digits", "digits@16", "digits#20"}
    assert "digits@16" in run("list").text


def test_the_users_own_data_is_prepared(run, tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, images=np.zeros((10, 8, 8), np.uint8))
    assert "8x8x1, 8 train, 2 test" in run("prepare", f"npz:{path}").text
    assert str(path) in run("list", "--json").text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prepare", "mnsit"], "did you mean 'mnist'?"),
        (["info", "digit"], "did you mean 'digits'?"),
        (["prepare", "digits@huge"], "'@huge' is not a size"),
        (["prepare", "digits", "mnist", "--from", "x"], "--from is for one dataset at a time"),
        (["prepare", "mnist", "--from", "/nowhere"], "/nowhere does not exist"),
        (["prepare", "folder:/nowhere"], "/nowhere does not exist"),
        (["prepare", "digits#classes=11"], "no class '11'"),
        (["verify", "digits"], "run `genharness data prepare digits`"),
        (["remove", "digits", "--yes"], "nothing to remove"),
    ],
)
def test_mistakes_are_one_line_that_says_what_to_do(run, arguments, message):
    result = run(*arguments)
    assert result.code == 2
    assert message in result.text
    assert len(result.text.splitlines()) == 1


def test_verify_names_every_damaged_dataset(run):
    run("prepare", "digits", "digits#20")
    for name in ("digits", "digits#20"):
        path = data_home() / name / "train" / "images.npy"
        raw = bytearray(path.read_bytes())
        raw[-1] ^= 1
        path.write_bytes(raw)
    (data_home() / "broken").mkdir()
    result = run("verify")
    assert result.code == 2
    assert len(result.text.splitlines()) == 3
    assert "genharness data prepare digits --force" in result.text
    assert "genharness data prepare 'digits#20' --force" in result.text
    assert "broken" in run("list").log
    assert run("prepare", "digits", "--force").code == 0
    assert "digits: good" in run("verify", "digits").text


def test_remove_asks_first(run):
    run("prepare", "digits")
    assert run("remove", "digits", answer="n\n").code == 1
    assert (data_home() / "digits").exists()
    assert run("remove", "digits", answer="y\n").code == 0
    assert not (data_home() / "digits").exists()


def test_remove_takes_variants_and_downloads_when_asked(run):
    run("prepare", "digits", "digits@16")
    downloads = data_home().parent / "downloads" / "digits"
    downloads.mkdir(parents=True)
    (downloads / "file").write_bytes(bytes(2_000_000))
    text = run("remove", "digits", "--variants", "--downloads", "--yes").text
    assert "digits@16" in text
    assert "2.0 MB freed" in text
    assert not downloads.exists()
    assert json.loads(run("list", "--json").text)["prepared"] == []


def test_a_damaged_dataset_can_be_removed(run):
    run("prepare", "digits")
    (data_home() / "digits" / "meta.json").write_text("nonsense")
    assert run("remove", "digits", "--yes").code == 0


def test_stages_are_said_where_there_is_no_terminal(run):
    assert "digits#20: writing train" in run("prepare", "digits#20").log


def test_data_commands_never_import_torch():
    script = (
        "import sys\n"
        "from genharness.cli.data import data\n"
        "data(['prepare', 'digits'], standalone_mode=False)\n"
        "data(['list'], standalone_mode=False)\n"
        "assert 'torch' not in sys.modules, 'torch was imported'\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_statistics_are_written_and_serve_as_a_reference(genharness, tmp_path):
    done = genharness("data", "statistics", "digits", "-o", "digits.npz", "--features", "pixels", "--split", "test")
    assert done.returncode == 0, done.stderr
    assert "digits.npz: pixels, 539 of test, 64 dimensions" in done.stdout
    np.save(tmp_path / "fake.npy", np.random.default_rng(0).integers(0, 256, (80, 8, 8, 1), dtype=np.uint8))
    scored = genharness("evaluate", "fake.npy", "--reference", "digits.npz", "--metrics", "fid", "--format", "json")
    assert scored.returncode == 0, scored.stderr
    assert '"pixels"' in scored.stdout
