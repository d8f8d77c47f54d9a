"""Joining a Ray cluster, or starting one on this machine, quietly; and what its nodes have."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from genharness import RunError
from genharness_exec_ray.addresses import HERE, absent

__all__ = ["Share", "connected", "fits", "node_count"]

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_SCHEDULER_EVENTS": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".*",  # Ray prints the logs of a node that dies, and there is no other way to say no
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
_HERE_ONLY = {
    "RAY_memory_monitor_refresh_ms": "0",  # the kernel decides who is killed for memory, as without Ray
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # else Ray replaces 127.0.0.1 by the address that others reach
    "RAY_AUTH_MODE": "token",  # other users of this machine reach the loopback; Ray before 2.52 knows no tokens
}
_STORE_BYTES = 100 * 2**20
_JOIN_SECONDS = 45.0


@dataclass(frozen=True, slots=True)
class Share:
    """What a cell asks of a node."""

    cpus: int
    gpus: int

    def __str__(self) -> str:
        return f"{self.cpus} CPU{'s' * (self.cpus > 1)}" + " and a GPU" * self.gpus


@contextlib.contextmanager
def connected(address: str, cpus: int) -> Iterator[None]:
    """Be connected to a cluster while the block runs; one that is started here ends with the block.

    Args:
        address: What `checked_address` gave.
        cpus: CPUs that a Ray on this machine gives away, where one is started.

    Raises:
        RunError: If it cannot be joined within 45 s, or cannot be started.
    """
    os.environ.update(_QUIET)
    with _started(cpus) if address == HERE else _joined(address):
        yield


@contextlib.contextmanager
def _started(cpus: int) -> Iterator[None]:
    """Start Ray on this machine, in a temporary folder of its own, where this user of this machine alone reaches it."""
    folder = tempfile.mkdtemp(prefix="genharness-ray-", dir="/tmp")  # Ray's sockets need a short path
    own = {"num_cpus": cpus, "object_store_memory": _STORE_BYTES, "_temp_dir": folder}
    with _environment({**_HERE_ONLY, "RAY_AUTH_TOKEN": secrets.token_hex(32)}):
        try:
            with _own_signals(), _sigterm_blocked():
                _init(address=HERE, _node_ip_address="127.0.0.1", include_dashboard=False, **own)
            yield
        finally:
            _ray().shutdown()
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables while the block runs."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _joined(address: str) -> Iterator[None]:
    """Join a running cluster, after a process of its own has tried it: Ray waits for minutes, and exits."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "genharness_exec_ray.trial", address],
            capture_output=True,
            text=True,
            timeout=_JOIN_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RunError(absent(address, f"nothing that speaks Ray within {_JOIN_SECONDS:g} s")) from error
    if done.returncode:
        lines = done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or ["no reason given"]
        raise RunError(f"cannot join the Ray cluster at {address}: {lines[-1]}")
    try:
        with _own_signals():
            _init(address=address)
        yield
    finally:
        _ray().shutdown()


def _init(**arguments: Any) -> None:
    try:
        _ray().init(log_to_driver=False, logging_level=logging.CRITICAL, **arguments)
    except Exception as error:  # whatever keeps Ray from starting: memory, sockets, versions
        text = " ".join(str(error).split())[:600]
        raise RunError(f"cannot start or join Ray ({arguments['address']}): {text}") from error


def node_count() -> int:
    """Return how many nodes are alive."""
    return len(_alive())


def fits(share: Share) -> bool:
    """Whether some node is large enough for a share, were it idle."""
    return any(
        node["Resources"].get("CPU", 0) >= share.cpus and node["Resources"].get("GPU", 0) >= share.gpus
        for node in _alive()
    )


def _alive() -> list[dict[str, Any]]:
    return [node for node in _ray().nodes() if node["Alive"]]


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep the handlers of the command, which Ray replaces."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _sigterm_blocked() -> Iterator[None]:
    """Let processes that are started meanwhile ignore a SIGTERM to the whole process group, as Ctrl-C already is.

    Only the command acts on it; without Ray's own processes the state of the cells could not be asked for.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ray() -> Any:
    """Import Ray, which reads the environment as it was set above."""
    import ray

    return ray
