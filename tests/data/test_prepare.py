"""Preparing is done once, by one process, whole or not at all."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from genharness import DataError, DatasetSpec, PluginError
from genharness.data import (
    ArrayWriter,
    data_home,
    ensure_prepared,
    is_prepared,
    open_prepared,
    parse_reference,
    prepare,
    prepared_datasets,
    remove_prepared,
    verify_arrays,
)
from genharness.data.prepare import is_by_other_code
from genharness.plugin.registry import load_registry

SCRIPT = """
import sys
from genharness import DatasetSpec
from genharness.data import ensure_prepared
spec = DatasetSpec(name="toy", summary="", factory="toy_dataset:prepare", shape=(3, 6, 8), bundled=True)
print(ensure_prepared(spec, "toy").content_hash)
"""


def start(toy, **environment):
    path = os.pathsep.join([str(toy.folder), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT], env={**os.environ, "PYTHONPATH": path, **environment}, stdout=subprocess.PIPE
    )


def visible():
    return sorted(path.name for path in data_home().iterdir() if not path.name.startswith("."))


def temporaries():
    return [path for path in data_home().iterdir() if path.name.startswith(".") and path.is_dir()]


def test_it_is_prepared_once_then_opened(toy):
    assert not is_prepared(toy.spec, "toy")
    data = ensure_prepared(toy.spec, "toy")
    assert is_prepared(toy.spec, "toy")
    assert ensure_prepared(toy.spec, "toy").content_hash == data.content_hash
    assert toy.calls() == 1
    assert (data.splits, data.class_names, data.meta.licence) == (("train", "test"), toy.spec.class_names, "CC0")


def test_prepared_data_goes_to_another_process(toy):
    import pickle

    data = ensure_prepared(toy.spec, "toy")
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(data)).samples("test"), data.samples("test"))


def test_opening_what_is_not_prepared_says_which_command_to_run(toy):
    with pytest.raises(DataError, match="toy#8 is not prepared: run `genharness data prepare 'toy#8'`"):
        open_prepared(toy.spec, "toy", limit=8)


def test_a_killed_preparation_leaves_nothing_that_reads_as_data(toy):
    process = start(toy, TOY_SLEEPS="60")
    for _ in range(600):
        if (toy.folder / "started").exists():
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert visible() == []
    assert len(temporaries()) == 1
    assert not is_prepared(toy.spec, "toy")
    verify_arrays(ensure_prepared(toy.spec, "toy"))
    assert temporaries() == []


def test_processes_that_prepare_the_same_take_turns(toy):
    processes = [start(toy, TOY_SLEEPS="0.5") for _ in range(3)]
    hashes = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(hashes) == 1
    assert toy.calls() == 1


def test_waiting_for_another_process_is_said(toy):
    from filelock import FileLock

    ensure_prepared(toy.spec, "toy")
    said = []
    lock = FileLock(data_home() / ".toy.lock", thread_local=False)
    lock.acquire()

    def report(done, total, text):
        said.append(text)
        if text.startswith("waiting"):
            lock.release()

    ensure_prepared(toy.spec, "toy", force=True, report=report)
    assert "waiting for another process that prepares toy" in said


def fail_with(monkeypatch, number):
    def write(*_args):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("genharness.data.writer._GrowingArray.append", write)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "disk full while preparing toy"),
        (errno.EROFS, "no permission"),
        (errno.EACCES, "no permission"),
        (errno.EIO, "Input/output"),
    ],
)
def test_what_the_disk_refuses_is_one_line_and_the_earlier_preparation_stands(toy, monkeypatch, number, reason):
    before = ensure_prepared(toy.spec, "toy")
    fail_with(monkeypatch, number)
    with pytest.raises(DataError, match=reason):
        ensure_prepared(toy.spec, "toy", force=True)
    monkeypatch.undo()
    verify_arrays(before)
    assert temporaries() == []


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_what_cannot_be_removed_is_said_to_be_removed_and_not_prepared(toy, monkeypatch, number):
    ensure_prepared(toy.spec, "toy")

    def refuse(*_args, **_options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("genharness.data.prepare.delete", refuse)
    with pytest.raises(DataError, match=r"no permission for .* while removing toy: change it, or set GENHARNESS_HOME"):
        remove_prepared(parse_reference("toy"))


def test_a_really_full_disk_is_named(toy, tmp_path):
    """On a file system of 4 KiB, where the system lets an ordinary user mount one."""
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k", "none", str(small)]
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", *mount], capture_output=True).returncode:
        pytest.skip("this system lets nobody mount a small file system")
    path = os.pathsep.join([str(toy.folder), *sys.path])
    command = f"{shlex.join(mount)} && exec {shlex.join([sys.executable, '-c', SCRIPT])}"
    result = subprocess.run(
        ["unshare", "-rm", "sh", "-c", command],
        env={**os.environ, "PYTHONPATH": path, "GENHARNESS_HOME": str(small)},
        capture_output=True,
        text=True,
    )
    assert "DataError: disk full while preparing toy" in result.stderr


@pytest.fixture
def _without_privileges():
    """Root may write anywhere, so it steps down for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_a_folder_without_permission_is_named(toy, tmp_path, monkeypatch, request):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    monkeypatch.setenv("GENHARNESS_HOME", str(locked / "home"))
    request.getfixturevalue("_without_privileges")
    with pytest.raises(DataError, match=r"no permission for .*locked.* set GENHARNESS_HOME"):
        ensure_prepared(toy.spec, "toy")


def test_a_home_that_cannot_be_made_is_named(toy, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"toy cannot be prepared: .*file"):
        ensure_prepared(toy.spec, "toy")


def test_a_defect_of_the_plugin_keeps_its_traceback_and_leaves_nothing(toy):
    spec = DatasetSpec(name="toy", summary="", factory="toy_dataset:bad", shape=(3, 6, 8))
    with pytest.raises(ValueError, match="a defect of the plugin"):
        ensure_prepared(spec, "toy")
    assert visible() == []
    assert temporaries() == []


def test_removing_frees_one_variant_and_leaves_the_others(toy):
    ensure_prepared(toy.spec, "toy#8")
    assert remove_prepared(parse_reference("toy")) > 40 * 3 * 6 * 8
    assert not is_prepared(toy.spec, "toy")
    assert [data.name for data in prepared_datasets()[0]] == ["toy#8"]
    ensure_prepared(toy.spec, "toy#8")
    assert toy.calls() == 1
    with pytest.raises(DataError, match="nothing to remove"):
        remove_prepared(parse_reference("toy"))


def test_memory_is_bounded_by_the_chunk(tmp_path):
    import tracemalloc

    folder = tmp_path / "large"
    folder.mkdir()
    writer = ArrayWriter(folder, parse_reference("large"))
    chunk = np.zeros((256, 3, 32, 32), np.uint8)
    tracemalloc.start()
    for split in ("train", "test"):
        with writer.split(split) as output:
            for _ in range(40):
                output.write(chunk)
    writer.finish()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (folder / "train" / "images.npy").stat().st_size > 40 * chunk.nbytes
    assert peak < 2 * chunk.nbytes


def edit(toy, before, after):
    """Edit the plugin as its author would, and leave what a new process would load."""
    path = toy.folder / "toy_dataset.py"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    sys.modules.pop("toy_dataset", None)


def test_other_code_prepares_it_anew(toy):
    before = ensure_prepared(toy.spec, "toy")
    edit(toy, "images(40, 0)", "images(40, 7)")
    after = ensure_prepared(toy.spec, "toy")
    assert after.content_hash != before.content_hash
    assert toy.calls() == 2


def test_a_comment_prepares_nothing_anew(toy):
    ensure_prepared(toy.spec, "toy")
    edit(toy, "def bad", "# a plugin with a defect\ndef bad")
    ensure_prepared(toy.spec, "toy")
    assert toy.calls() == 1


def test_a_path_with_a_slip_in_it_costs_nothing_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "part_code", lambda *_: pytest.fail("no code is read for what is not there"))
    spec = load_registry().datasets["npz"]
    for size in ("", "@16"):
        with pytest.raises(DataError, match=r"missing\.npz is no file"):
            ensure_prepared(spec, f"npz:{tmp_path}/missing.npz{size}")
        monkeypatch.undo()
    assert visible() == temporaries() == []


def test_a_variant_of_data_whose_source_is_gone_is_made_of_what_was_prepared(tmp_path):
    spec = load_registry().datasets["npz"]
    pictures = np.random.default_rng(0).integers(0, 256, (40, 32, 32), np.uint8)
    np.savez(tmp_path / "mine.npz", images=pictures)
    whole = ensure_prepared(spec, f"npz:{tmp_path}/mine.npz")
    (tmp_path / "mine.npz").unlink()
    small = ensure_prepared(spec, f"npz:{tmp_path}/mine.npz", limit=20)
    assert small.meta.derived_from == whole.content_hash
    assert small.meta.code == whole.meta.code != ""


def test_a_variant_of_what_other_code_prepared_is_made_anew(toy):
    before = ensure_prepared(toy.spec, "toy", limit=20)
    edit(toy, "images(40, 0)", "images(40, 7)")
    assert ensure_prepared(toy.spec, "toy", limit=20).content_hash != before.content_hash


def test_data_that_takes_a_download_is_kept_and_known_to_be_by_other_code(toy):
    spec = dataclasses.replace(toy.spec, bundled=False)
    before = ensure_prepared(spec, "toy")
    assert not is_by_other_code(spec, before)
    edit(toy, "images(40, 0)", "images(40, 7)")
    kept = ensure_prepared(spec, "toy")
    assert kept.content_hash == before.content_hash
    assert is_by_other_code(spec, kept)
    assert not is_by_other_code(spec, ensure_prepared(spec, "toy", force=True))


def test_data_from_before_code_was_noted_is_prepared_anew_where_its_source_is_at_hand(toy):
    data = ensure_prepared(toy.spec, "toy")
    meta = data.folder / "meta.json"
    plain = json.loads(meta.read_text())
    del plain["code"], plain["digest"]
    meta.write_text(json.dumps(plain))
    download = dataclasses.replace(toy.spec, bundled=False)
    assert not is_by_other_code(download, ensure_prepared(download, "toy"))
    assert toy.calls() == 1
    ensure_prepared(toy.spec, "toy")
    assert toy.calls() == 2


def test_data_can_be_opened_though_the_code_that_prepared_it_is_gone(toy):
    before = ensure_prepared(toy.spec, "toy")
    gone = dataclasses.replace(toy.spec, factory="gone_dataset:prepare")
    assert ensure_prepared(gone, "toy").content_hash == before.content_hash


def test_a_link_in_place_of_prepared_data_is_removed_and_what_it_leads_to_stays(toy, tmp_path):
    folder = ensure_prepared(toy.spec, "toy").folder
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert ensure_prepared(toy.spec, "toy").samples("train").size
    remove_prepared(parse_reference("toy"))
    assert not folder.is_symlink()
    assert (tmp_path / "elsewhere" / "meta.json").is_file()
    assert (tmp_path / "elsewhere" / "train" / "images.npy").is_file()


def test_preparing_again_in_place_of_a_link_leaves_nothing_that_stops_the_next(toy, tmp_path):
    folder = ensure_prepared(toy.spec, "toy").folder
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    for _ in range(2):
        ensure_prepared(toy.spec, "toy", force=True)
        assert [path.name for path in folder.parent.iterdir() if not path.name.endswith(".lock")] == ["toy"]
    assert (tmp_path / "elsewhere" / "train" / "images.npy").is_file()


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("raise SystemExit(0)", "what prepares it raised SystemExit: 0"),
        ("os.chdir('/')", "what prepares it changed the working directory of the whole process"),
    ],
)
def test_a_plugin_that_would_end_or_move_the_process_is_named(toy, monkeypatch, tmp_path, does, said):
    monkeypatch.chdir(tmp_path)
    edit(toy, "    folder = pathlib", f"    {does}\n    folder = pathlib")
    with pytest.raises(PluginError, match=f"{toy.spec.name}: {said}"):
        ensure_prepared(toy.spec, toy.spec.name)
    assert os.getcwd() == str(tmp_path)  # noqa: PTH109 -- as it was given
    assert not temporaries()
