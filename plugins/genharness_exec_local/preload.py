"""Imported once by the fork server, so that every cell starts with torch in memory."""

import torch._dynamo  # noqa: F401  -- the first optimiser of a process imports it: seconds in every cell

import genharness.run.cell  # noqa: F401  -- for its side effect: torch is in memory
