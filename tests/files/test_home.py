from pathlib import Path

from genharness.files.home import home


def test_the_environment_names_home_and_nothing_is_created_by_asking(monkeypatch, tmp_path):
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path / "here"))
    assert home() == tmp_path / "here"
    assert not (tmp_path / "here").exists()


def test_a_tilde_is_the_users_folder(monkeypatch):
    monkeypatch.setenv("GENHARNESS_HOME", "~/bench")
    assert home() == Path.home() / "bench"


def test_unset_and_empty_mean_the_users_cache(monkeypatch):
    monkeypatch.setenv("GENHARNESS_HOME", "")
    empty = home()
    monkeypatch.delenv("GENHARNESS_HOME")
    assert empty == home() == Path.home() / ".cache" / "genharness"
