"""Imported once by the fork server, so that every cell starts with it in memory."""

import torch._dynamo  # noqa: F401  -- the first optimiser of a process imports it: seconds in every cell

import genharness.functional.clusters
import genharness.functional.memorisation  # with scikit-learn and scipy.stats, which most metrics import
import genharness.run.cell  # noqa: F401  -- nothing here is called
