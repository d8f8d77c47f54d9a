"""Whether the kernel killed a process for want of memory."""

from __future__ import annotations

from pathlib import Path

__all__ = ["oom_kills"]

_COUNTERS = (Path("/sys/fs/cgroup/memory.events"), Path("/proc/vmstat"))


def oom_kills() -> int:
    """Return how many processes the kernel has killed for want of memory so far, as far as it tells."""
    total = 0
    for path in _COUNTERS:
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    return total
