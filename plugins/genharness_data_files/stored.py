"""Prepare samples that lie in files of others: tar shards, parquet, HDF5, CSV, Hugging Face datasets."""

from __future__ import annotations

from genharness import ConfigError
from genharness.data import PrepareRequest
from genharness.data.from_stored import write_stored
from genharness.images.stored.opening import open_stored

__all__ = ["prepare"]


def prepare(request: PrepareRequest) -> None:
    """Write the samples of `tar:PATH`, `parquet:PATH`, `h5:PATH`, `csv:PATH` or `hf:NAME`.

    Raises:
        DataError: If nothing is there, it cannot be read, or some samples are unusable.
        ConfigError: If a package is missing.
    """
    reference = request.reference
    if request.source is not None:
        raise ConfigError(f"{reference} names its own source: leave --from {request.source} out")
    write_stored(request, open_stored(request.spec.name, reference.path or "", reference.samples, reference.label))
