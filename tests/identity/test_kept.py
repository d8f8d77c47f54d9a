"""What was found out of source is remembered by its content, and never taken for something else."""

import hashlib
import json

import pytest

from genharness.identity import kept
from genharness.identity.kept import Meanings
from genharness.identity.reading import meaning_of

SOURCE = b"from a import b\nimport c.d\n\nclass E: ...\n\nTABLE = Path(__file__).with_name('f.csv')\ng()\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "code" / "meanings.json"


def remembered(path, source=SOURCE):
    memory = Meanings(path)
    found = memory.of(source)
    memory.save()
    return found


@pytest.fixture
def forgetful(monkeypatch):
    """Make reading source fail, so that a test shows that nothing is read."""

    def fail(content):
        raise AssertionError("source was read")

    return lambda: monkeypatch.setattr("genharness.identity.reading.meaning_of", fail)


def test_it_remembers_all_of_a_meaning(path, forgetful):
    found = remembered(path)
    assert found == meaning_of(SOURCE)
    forgetful()
    assert remembered(path) == found


def test_other_content_is_read(path):
    assert remembered(path) != remembered(path, SOURCE + b"x = 1\n")


def test_what_is_no_python_is_remembered_too(path, forgetful):
    assert remembered(path, b"def") is None
    forgetful()
    assert remembered(path, b"def") is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"3", b'{"version": [1]}', b'{"version": null, "files": 3}'])
def test_a_damaged_memory_is_made_anew(path, damage):
    path.parent.mkdir()
    path.write_bytes(damage)
    assert remembered(path) == meaning_of(SOURCE)
    assert json.loads(path.read_bytes())["files"]


@pytest.mark.parametrize("entry", [3, [], ["a"], ["a", "", [[1]], {}, [], False, []], {}])
def test_a_damaged_entry_is_read_again(path, entry):
    remembered(path)
    content = json.loads(path.read_bytes())
    content["files"] = dict.fromkeys(content["files"], entry)
    path.write_text(json.dumps(content))
    assert remembered(path) == meaning_of(SOURCE)


def test_another_version_of_python_remembers_nothing(path, monkeypatch):
    remembered(path)
    content = json.loads(path.read_bytes())
    content["version"][-1] += 1
    content["files"] = dict.fromkeys(content["files"])
    path.write_text(json.dumps(content))
    assert remembered(path) == meaning_of(SOURCE)


def test_it_forgets_the_oldest(path, monkeypatch):
    monkeypatch.setattr(kept, "_MOST", 2)
    for number in range(4):
        remembered(path, f"x = {number}".encode())
    assert len(json.loads(path.read_bytes())["files"]) == 2


def test_it_forgets_last_what_the_last_command_used(path, monkeypatch):
    monkeypatch.setattr(kept, "_MOST", 2)
    for numbers in ([0], [1], [0, 2], [0, 3]):
        memory = Meanings(path)
        for number in numbers:
            memory.of(f"x = {number}".encode())
        memory.save()
    first = hashlib.sha256(b"x = 0").hexdigest()[:32]
    assert first in json.loads(path.read_bytes())["files"]


def test_a_disk_that_cannot_be_written_costs_nothing_but_time(path, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept, "write_bytes", full)
    assert remembered(path) == meaning_of(SOURCE)
    assert not path.exists()


def test_it_follows_the_home_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path / "one"))
    Meanings.at_home().of(SOURCE)
    Meanings.at_home().save()
    assert (tmp_path / "one" / "code" / "meanings.json").is_file()
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path / "two"))
    Meanings.at_home().of(SOURCE)
    Meanings.at_home().save()
    assert (tmp_path / "two" / "code" / "meanings.json").is_file()
