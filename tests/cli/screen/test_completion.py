"""What TAB offers, as a shell asks click for it."""

import pytest
from click.shell_completion import BashComplete

from board_records import record
from genharness.cli.main import cli
from genharness.results.store import Store


def offered(*words):
    completion = BashComplete(cli, {}, "genharness", "_GENHARNESS_COMPLETE")
    return [item.value for item in completion.get_completions(list(words[:-1]), words[-1])]


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = Store(tmp_path / "results")
    store.open_for_writing()
    store.save(record("vae-gmm", 1.0))
    store.save(record("dcgan", 2.0))
    return [record("dcgan", 2.0).cell.id, record("vae-gmm", 1.0).cell.id]


@pytest.mark.parametrize(
    ("words", "some"),
    [
        (("run", "--models", "vae"), ["vae", "vae-gmm"]),
        (("run", "--models", "vae,dc"), ["vae,dcgan"]),
        (("run", "--datasets", "dig"), ["digits"]),
        (("run", "--metrics", "pr"), ["prdc"]),
        (("run", "--features", "inc"), ["inception"]),
        (("run", "--tracker", "ml"), ["mlflow"]),
        (("run", "--executor", "lo"), ["local"]),
        (("run", "--set", "vae.lat"), ["vae.latent="]),
        (("run", "--set", "dcg"), ["dcgan."]),
        (("evaluate", "--dataset", "dig"), ["digits"]),
        (("leaderboard", "--columns", "fid,train_sec"), ["fid,train_seconds"]),
        (("leaderboard", "--sort", "cover"), ["coverage"]),
        (("report", "--columns", "kid"), ["kid"]),
        (("compare", "vae", "dcgan", "--metric", "fid"), ["fid"]),
        (("info", "wgan"), ["wgan", "wgan-gp"]),
        (("lead",), ["leaderboard"]),
    ],
)
def test_names_are_offered(words, some):
    assert set(some) <= set(offered(*words))


def test_a_name_that_stands_there_already_is_not_offered_again():
    assert "vae,vae" not in offered("run", "--models", "vae,v")


def test_cells_and_rows_are_those_of_the_results(results):
    for command in ("sample", "rerun", "animate", "verify"):
        assert set(offered(command, "")) >= set(results)
    assert offered("compare", "") == sorted(["dcgan", "vae-gmm", *results])


def test_where_there_is_nothing_nothing_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert offered("rerun", "") == []
    assert capsys.readouterr() == ("", "")
