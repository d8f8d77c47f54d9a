"""Samples in files that others wrote: tar shards, parquet, Arrow, HDF5, CSV, Hugging Face datasets.

Each format is a small reader that gives a `StoredSet`: samples in pieces, as often as they are asked for. What is done
with them (looked through, divided, decoded, written) is the same for all: `genharness.data.from_stored` prepares
datasets, `read_stored` gives samples that are to be scored.
"""
