"""The environment stamp of a record: enough to repeat a cell, and to doubt a timing."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import psutil
import torch

from genharness.engine.waiting import SPINNING

__all__ = ["environment"]

_PACKAGES = ("genharness", "torch", "torchvision", "numpy", "scipy", "scikit-learn", "pillow")


def environment(device: torch.device, *, deterministic: bool) -> dict[str, Any]:
    """Return versions, hardware, threads and flags of this process as plain values."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": dict(_versions()),
        "git_commit": _git_commit(),
        "cpu": _cpu(),
        "cpu_kind": _cpu_kind(),
        "cpu_count": os.cpu_count(),
        "memory_mib": psutil.virtual_memory().total // 2**20,
        "threads": torch.get_num_threads(),
        "spinning": os.environ.get(SPINNING) or os.environ.get("OMP_WAIT_POLICY"),
        "device": str(device),
        "gpu": torch.cuda.get_device_name(device) if device.type == "cuda" else None,
        "cuda": torch.version.cuda if device.type == "cuda" else None,
        "driver": _driver() if device.type == "cuda" else None,
        "deterministic": deterministic,
        "tf32": torch.backends.cuda.matmul.allow_tf32,
        "hostname": platform.node(),
    }


@functools.cache
def _versions() -> dict[str, str]:
    """Return the versions of packages that results hang on: those of what this process has imported do not change."""
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


@functools.cache
def _git_commit() -> str | None:
    """Return the commit of the checkout that genharness runs from, with `+changes` where it differs; else None."""
    folder = Path(__file__).parent
    commit = _run(["git", "-C", str(folder), "rev-parse", "HEAD"])
    if not commit:
        return None
    return commit + ("+changes" if _run(["git", "-C", str(folder), "status", "--porcelain", "-uno"]) else "")


@functools.cache
def _driver() -> str | None:
    return _run(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]) or None


def _cpu() -> str:
    return _of_the_first_cpu().get("model name") or platform.processor()


def _cpu_kind() -> str:
    """Return what tells processors of one name apart, whose arithmetic may differ: many virtual ones share a name."""
    numbers = [f"{name} {number}" for name in _KIND if (number := _of_the_first_cpu().get(name))]
    return ", ".join([torch.backends.cpu.get_cpu_capability(), *numbers])


_KIND = ("cpu family", "model", "stepping")


@functools.cache
def _of_the_first_cpu() -> dict[str, str]:
    """Return what Linux says of the first processor, by name; nothing elsewhere."""
    try:
        first = Path("/proc/cpuinfo").read_text().partition("\n\n")[0]
    except OSError:
        return {}
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in first.splitlines())}


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
