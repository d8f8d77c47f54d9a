"""Imported once by the fork server, so that every cell starts with it in memory."""

import torch._dynamo  # noqa: F401  -- the first optimiser of a process imports it: seconds in every cell

import genharness.cells.cell
import genharness.functional.clusters
import genharness.functional.memorisation  # noqa: F401  -- with scikit-learn and scipy.stats, which most metrics import
