"""A leaderboard is kept while nothing that it was made of changes."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from genharness.plugin import registry
from genharness.plugin.registry import entry_points, load_registry
from genharness.results import index, kept_file, kept_text
from genharness.results.kept_text import KeptText
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record


@pytest.fixture(autouse=True)
def _settled(monkeypatch):
    monkeypatch.setattr(index, "_FINE_SECONDS", -1.0)
    monkeypatch.setattr(index, "_COARSE_SECONDS", -1.0)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    protocol = Protocol(extractor="classifier", sample_count=10)
    cell = Cell(model="vae", dataset="digits", seed=0, budget="smoke", length="1steps", protocol=protocol)
    store.save(Record(cell=cell, status="failed"))
    return store


def kept(store, **asked):
    return KeptText.of(Store(store.folder), {"form": "table", **asked}, entry_points())


def test_what_was_kept_is_read_again(store):
    assert kept(store).read() is None
    kept(store).keep("é\ntext")
    assert kept(store).read() == "é\ntext"


def test_another_question_has_another_answer(store):
    kept(store).keep("text")
    assert kept(store, width=81).read() is None
    assert kept(store, form="json").read() is None


def test_any_change_of_the_records_ends_it(store):
    path = next(store.records_folder.iterdir())
    changes = [
        lambda: os.utime(path),
        lambda: path.write_bytes(path.read_bytes()),
        lambda: (store.records_folder / "new.json").write_bytes(b""),
        lambda: path.rename(path.with_name("other.json")),
    ]
    for change in changes:
        kept(store).keep("text")
        assert kept(store).read() == "text"
        change()
        assert kept(store).read() is None


def test_a_change_of_the_code_ends_it(store, monkeypatch):
    kept(store).keep("text")
    real = kept_text._files

    def changed(package):
        for name, state in real(package):
            yield name, SimpleNamespace(st_size=1, st_mtime_ns=state.st_mtime_ns, st_ctime_ns=state.st_ctime_ns)

    monkeypatch.setattr(kept_text, "_files", changed)
    assert kept(store).read() is None


def test_nothing_is_kept_of_records_that_were_written_just_now(store, monkeypatch):
    monkeypatch.setattr(index, "_FINE_SECONDS", 3600.0)
    monkeypatch.setattr(index, "_COARSE_SECONDS", 3600.0)
    kept(store).keep("text")
    assert kept(store).read() is None


def test_nothing_is_kept_where_a_strangers_plugin_takes_part(store, make_plugin):
    make_plugin(
        "stranger",
        "from genharness import ReporterSpec, hookimpl\n"
        "@hookimpl\n"
        "def genharness_reporters():\n"
        "    return [ReporterSpec(name='theirs', summary='s', factory='stranger:render')]\n",
    )
    assert "theirs" in load_registry().reporters
    kept(store).keep("text")
    assert kept(store).read() is None


def test_nothing_is_kept_where_a_file_of_plugins_is_named(store, monkeypatch, tmp_path):
    kept(store).keep("text")
    (tmp_path / "mine.py").write_text("")
    monkeypatch.setenv("GENHARNESS_PLUGINS", str(tmp_path / "mine.py"))
    assert kept(store).read() is None


def test_a_kept_leaderboard_imports_no_plugin_nor_what_draws_or_ranks(genharness, store):
    def modules(done):
        return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}

    command = [sys.executable, "-X", "importtime", "-m", "genharness.cli.main", "leaderboard", str(store.folder)]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2))
    assert first.stdout == second.stdout
    assert any(name.startswith("genharness_") for name in modules(first))
    drawn = ("genharness_", "rich", "genharness.stats", "genharness.study", "genharness.board.build")
    assert not any(name.startswith(drawn) for name in modules(second))


def test_a_damaged_text_is_none(store):
    kept(store).keep("text")
    path = kept(store)._path
    path.write_bytes(path.read_bytes() + b"x")
    assert kept(store).read() is None


def test_only_the_latest_are_kept(store, monkeypatch):
    monkeypatch.setattr(kept_text, "_MOST_TEXTS", 3)
    for width in range(6):
        kept(store, width=width).keep("text")
    assert [kept(store, width=width).read() for width in range(6)].count("text") == 3


def test_a_full_disk_costs_no_table(store, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_file, "write_bytes", full)
    kept(store).keep("text")
    assert kept(store).read() is None


def test_the_command_shows_what_changed_and_warns_each_time(genharness, store):
    first = genharness("leaderboard", "results")
    assert genharness("leaderboard", "results").stdout == first.stdout
    path = next(store.records_folder.iterdir())
    path.write_bytes(path.read_bytes().replace(b'"status": "failed"', b'"status": "timeout"'))
    assert "timeout" in genharness("leaderboard", "results").stdout
    (store.records_folder / "bad.json").write_bytes(b"{")
    for _ in range(3):
        assert "bad.json is unreadable" in genharness("leaderboard", "results").stderr


@pytest.fixture
def checks(monkeypatch):
    """Names of the specs that were checked."""
    names = []
    known = registry.checked
    monkeypatch.setattr(registry, "checked", lambda spec, record: names.append(spec.name) or known(spec, record))
    return names


def test_plugins_that_were_good_are_checked_again_when_code_changes(checks, monkeypatch):
    found = entry_points()
    for code, wanted in (("one", True), ("one", False), ("other", True), ("", True), ("other", False)):
        checks.clear()
        assert "vae" in KeptText(None, code).registry(found).models
        assert bool(checks) == wanted, code


def test_plugins_of_which_one_is_broken_are_checked_every_time(checks, make_plugin):
    make_plugin("broken", "raise ValueError")
    for _ in range(2):
        checks.clear()
        assert KeptText(None, "one").registry(entry_points()).problems
        assert checks
