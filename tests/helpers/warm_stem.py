"""A process that has imported what runs import, and makes commands by forking: `warm_stem.py SOCKET`.

Each connection to the socket brings the words, folder and environment of one command, and its standard streams. A
process between waits for the command, as its parent, and tells its id and then its status. Fork servers and resource
trackers of a command are forked as well, where Python would start a new interpreter. All else is as in a process of its
own: the command leaves through `sys.exit`, has its own environment, path and modules of plugins.
"""

import atexit
import contextlib
import gc
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
import types
from multiprocessing import resource_tracker, util

import genharness_exec_local.preload  # noqa: F401  -- with torch, which no command waits for then
from genharness.cli.main import COMMANDS, main

for name in COMMANDS:
    __import__(COMMANDS[name][0].partition(":")[0])

INSTALLED = sys.path[1:]  # without this folder


def serve(path):
    """Answer connections until the standard input ends."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        print("ready", flush=True)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes between
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                stand_between(connection)
            connection.close()


def stand_between(connection):
    """Start the command that a connection asks for, and tell its process id and its status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(connection, 4, 3)
    (length,) = struct.unpack("<I", size)
    asked = json.loads(connection.recv(length, socket.MSG_WAITALL))
    command = os.fork()
    if command == 0:
        connection.close()
        run(asked, streams)
    for stream in streams:
        os.close(stream)
    connection.sendall(struct.pack("<i", command))
    _, status = os.waitpid(command, 0)
    with contextlib.suppress(OSError):  # whoever started it does not wait for it
        connection.sendall(struct.pack("<i", os.waitstatus_to_exitcode(status)))
    os._exit(0)


def run(asked, streams):
    """Be the command."""
    if asked["new_session"]:
        os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.path[:] = [asked["folder"], *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)), *INSTALLED]
    sys.argv = ["genharness", *asked["arguments"]]
    sys.modules["__main__"] = types.ModuleType("__main__")
    util.spawnv_passfds = forked
    leave(main)


def leave(function):
    """Call a function and end as an interpreter does."""
    code = 0
    try:
        function()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
    except OSError:
        code = code or 120
    os._exit(code)


def forked(path, arguments, kept):
    """Stand in for `multiprocessing.util.spawnv_passfds`: fork, and do what the new interpreter would be told to."""
    child = os.fork()
    if child:
        return child
    gc.freeze()  # nothing of the command may be freed: its descriptors are closed, and their numbers used again
    atexit._clear()
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    resource_tracker._resource_tracker._fd = resource_tracker._resource_tracker._pid = None
    start = 3
    for number in sorted(kept):
        os.closerange(start, number)
        start = number + 1
    os.closerange(start, os.sysconf("SC_OPEN_MAX"))
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)  # with nothing to flush
    try:
        exec(arguments[-1], {})
    finally:
        os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
