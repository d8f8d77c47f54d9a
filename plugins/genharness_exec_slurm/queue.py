"""What Slurm is asked and told of jobs: `squeue`, `scancel`, `scontrol`. Torch-free."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Sequence

__all__ = ["cancel", "is_being_preempted", "longest_array", "queued", "states"]

_ENDED = {
    *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED"),
    *("REVOKED", "TIMEOUT"),
}
_USUAL = {"None", "BeginTime", "Cleaning", "Dependency", "JobArrayTaskLimit", "Priority", "Resources"}
"""Reasons for which a job waits that pass by themselves."""

_TRIES = 20
"""How often squeue is asked while the controller is away."""

_MAX_ARRAY_SIZE = 1001
"""Slurm's own default."""

_AT_ONCE = 500
"""Jobs that one command line names."""

_SECONDS = 60.0
"""How long Slurm's commands may take to answer."""


def states(ids: Sequence[str], *, tries: int = _TRIES, pause_seconds: float = 3.0) -> dict[str, str] | str:
    """Return what the jobs that have not ended are doing, by their ids, or why squeue does not answer.

    A job that waits for what does not pass by itself, such as a drained node, has the reason in brackets.

    Args:
        ids: Of jobs, or of tasks of arrays.
        tries: How often squeue is asked.
        pause_seconds: Between two tries.
    """
    arrays = ",".join(dict.fromkeys(one.partition("_")[0] for one in ids))
    for left in reversed(range(tries)):
        done = _asked("squeue", "--noheader", "--array", "--format=%i %T %r", f"--jobs={arrays}")
        if done.returncode == 0 or "Invalid job id" in done.stderr:
            lines = (line.split(maxsplit=2) for line in done.stdout.splitlines())
            return {words[0]: _state(*words[1:]) for words in lines if len(words) > 1 and words[1] not in _ENDED}
        if left:
            time.sleep(pause_seconds)
    return " ".join(done.stderr.split())[:200]


def queued(ids: Sequence[str]) -> dict[str, str] | None:
    """Return the states of those of the jobs that have not ended; None where squeue does not answer at once.

    What `genharness status` asks.
    """
    found = states(ids, tries=1)
    return found if isinstance(found, dict) else None


def cancel(ids: Sequence[str]) -> None:
    """Let jobs end; those that have ended are passed over."""
    for first in range(0, len(ids), _AT_ONCE):
        _asked("scancel", *ids[first : first + _AT_ONCE])


def longest_array() -> int:
    """Return how many tasks an array may have here."""
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", _asked("scontrol", "show", "config").stdout, re.MULTILINE)
    return max(1, int(found[1]) if found else _MAX_ARRAY_SIZE)


def is_being_preempted(job: str) -> bool:
    """Return whether a job that was signalled has to make room, and is given its partition's `GraceTime` to do so.

    Slurm sends such a job the SIGTERM that it sends a cancelled one, but lets it run on.
    """
    said = _asked("scontrol", "show", "job", job).stdout
    return bool(re.search(r"\bJobState=RUNNING\b", said) and re.search(r"\bPreemptTime=\d", said))


def _asked(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", str(error))


def _state(name: str, reason: str = "None") -> str:
    return name.lower() + ("" if name != "PENDING" or reason in _USUAL else f" ({reason})")
