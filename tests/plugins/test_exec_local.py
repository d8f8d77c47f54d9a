"""What the local executor knows of its machine; whole runs by it are in cli/test_run and in faults."""

from types import SimpleNamespace

import pytest

from genharness_exec_local import memory
from genharness_exec_local.child import _device
from genharness_exec_local.memory import oom_kills


def test_kills_for_want_of_memory_are_counted_wherever_the_kernel_tells(tmp_path, monkeypatch):
    (tmp_path / "events").write_text("low 3\noom 2\noom_kill 2\noom_group_kill 9\n")
    (tmp_path / "vmstat").write_text("nr_free_pages 7\noom_kill 5\n")
    monkeypatch.setattr(memory, "_COUNTERS", (tmp_path / "events", tmp_path / "vmstat", tmp_path / "absent"))
    assert oom_kills() == 7


@pytest.mark.parametrize(
    ("wanted", "gpus", "devices"),
    [("cpu", 2, ["cpu"] * 3), ("cuda:1", 2, ["cuda:1"] * 3), ("cuda", 2, ["cuda:0", "cuda:1", "cuda:0"])],
)
def test_cells_side_by_side_take_gpus_in_turn(monkeypatch, wanted, gpus, devices):
    monkeypatch.setattr("torch.cuda.device_count", lambda: gpus)
    task = SimpleNamespace(settings=SimpleNamespace(device=wanted))
    assert [_device(task, slot) for slot in range(3)] == devices
