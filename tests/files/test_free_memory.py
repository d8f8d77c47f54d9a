"""What is free is the least of what the machine, the container and the process's own limits leave."""

import subprocess
import sys

import psutil
import pytest

from genharness.errors import DataError
from genharness.files import free_memory as module
from genharness.files.free_memory import free_memory, refuse_beyond_memory


def test_of_a_machine_without_limits_it_is_what_is_available(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_CGROUP", tmp_path)
    assert 0.5 < free_memory() / psutil.virtual_memory().available < 2


def test_a_container_leaves_what_its_limit_does_and_pages_of_files_make_room(monkeypatch, tmp_path):
    (tmp_path / "memory.max").write_text("5000\n")
    (tmp_path / "memory.current").write_text("4000\n")
    (tmp_path / "memory.stat").write_text("anon 3000\ninactive_file 500\n")
    monkeypatch.setattr(module, "_CGROUP", tmp_path)
    assert free_memory() == 1500
    (tmp_path / "memory.current").write_text("9000\n")
    assert free_memory() == 0


@pytest.mark.parametrize("content", ["max\n", "", "no number"])
def test_a_container_without_a_limit_that_can_be_read_leaves_all(monkeypatch, tmp_path, content):
    for name in ("max", "current"):
        (tmp_path / f"memory.{name}").write_text(content)
    monkeypatch.setattr(module, "_CGROUP", tmp_path)
    assert free_memory() > 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are Linux's")
@pytest.mark.parametrize("kind", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_a_limit_of_the_process_leaves_less(kind):
    code = (
        "import resource; from genharness.files.free_memory import free_memory; import psutil\n"
        f"resource.setrlimit(resource.{kind}, (2**31, resource.RLIM_INFINITY))\n"
        "print(free_memory())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 2**31


def test_what_does_not_fit_is_refused_with_both_sizes_and_what_to_do(monkeypatch):
    monkeypatch.setattr(module, "free_memory", lambda: 2**30)
    refuse_beyond_memory(2**30, "these", "do that")
    with pytest.raises(DataError, match=r"^these need 3\.0 GiB of memory, and 1\.0 are free: do that$"):
        refuse_beyond_memory(3 * 2**30, "these", "do that")
