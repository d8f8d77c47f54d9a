"""Imported once by the fork server, so that every cell starts with torch in memory.

A terminal, a scheduler or `timeout` may send SIGTERM to the whole process group. Only the command itself acts on
it, by asking its cells to save their state; a fork server that died of it would take the news of its cells along.
"""

import signal

import torch._dynamo  # noqa: F401  -- the first optimiser of a process imports it: seconds in every cell

import genharness.run.cell  # noqa: F401  -- for its side effect: torch is in memory

signal.signal(signal.SIGTERM, signal.SIG_IGN)
