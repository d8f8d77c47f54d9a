"""Commands as processes of their own that need not import torch first: see `warm_stem`."""

from __future__ import annotations

import atexit
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

__all__ = ["WarmCommand"]

_FIXED = ("OMP_", "MKL_", "OPENBLAS_", "PYTHON", "LC_", "LANG")
"""What an interpreter or a library reads once, when it is started."""


@cache
def _stem() -> tuple[str, Mapping[str, str]]:
    """Start the process that makes commands, once, and return the path of its socket, and its environment."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"OMP_NUM_THREADS": "1"}
    folder = tempfile.mkdtemp(prefix="genharness-stem-")
    path = str(Path(folder, "socket"))
    script = Path(__file__).with_name("warm_stem.py")
    process = subprocess.Popen(
        [sys.executable, script, path],
        env=environment,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"

    def end() -> None:
        process.communicate()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return path, environment


class WarmCommand:
    """A command line of genharness that runs; what tests use of `subprocess.Popen`.

    Args:
        arguments: Behind `genharness`.
        folder: Working directory.
        environment: All of it.
        stdin: Standard input.
        stdout: Standard output.
        stderr: Standard error.
        new_session: Whether it leads a process group of its own.

    Attributes:
        pid: Its process id.
        returncode: Its exit code, or the signal that ended it as a negative number; None while it runs.
    """

    def __init__(
        self,
        arguments: Sequence[object],
        folder: Path,
        environment: Mapping[str, str],
        *,
        stdin: IO[bytes],
        stdout: IO[bytes],
        stderr: IO[bytes],
        new_session: bool = False,
    ) -> None:
        self.args = ["genharness", *map(str, arguments)]
        asked = {
            "arguments": self.args[1:],
            "folder": str(folder),
            "environment": dict(environment),
            "new_session": new_session,
        }
        content = json.dumps(asked).encode()
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(_stem()[0])
        streams = [stream.fileno() for stream in (stdin, stdout, stderr)]
        socket.send_fds(self._connection, [struct.pack("<I", len(content))], streams)
        self._connection.sendall(content)
        self.pid = self._number()
        self.returncode: int | None = None

    @staticmethod
    def fits(environment: Mapping[str, str]) -> bool:
        """Whether an environment leaves what is read at the start of an interpreter as it is."""
        _, ours = _stem()
        names = {name for name in {*ours, *environment} if name.startswith(_FIXED)} - {"PYTHONPATH"}
        return all(ours.get(name) == environment.get(name) for name in names)

    def _number(self) -> int:
        (number,) = struct.unpack("<i", self._connection.recv(4, socket.MSG_WAITALL))
        return int(number)

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        try:
            return self.wait(timeout=0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once it has ended.

        Raises:
            subprocess.TimeoutExpired: If it has not by then.
        """
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            self.returncode = self._number()
            self._connection.close()
        return self.returncode

    def kill(self) -> None:
        """End it at once."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
