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
        "cpu_instructions": torch.backends.cpu.get_cpu_capability(),  # of one name there are several kinds
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


@functools.cache
def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
