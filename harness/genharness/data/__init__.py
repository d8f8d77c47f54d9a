"""Prepared datasets: written once as memory-mapped arrays, read at memory speed. numpy only, never torch.

A dataset plugin's factory is a function `prepare(request: PrepareRequest) -> None`:

    def prepare(request):
        images, labels = parse(request.fetch(request.spec.remotes[0]))
        request.writer.split("train", count=60_000).write(images, labels)
        ...

The runner calls `ensure_prepared(spec, "cifar10@64", limit=5000)` and reads `data.samples("train")`.
"""

from genharness.data.catalog import prepared_datasets
from genharness.data.meta import DatasetMeta
from genharness.data.prepare import (
    data_home,
    ensure_prepared,
    is_prepared,
    open_prepared,
    prepared_folder,
    remove_prepared,
    resolve,
)
from genharness.data.prepared import PreparedData, open_folder, verify_arrays
from genharness.data.request import PrepareRequest
from genharness.data.splits import stratified_split, stratified_subset
from genharness.data.units import Units
from genharness.data.writer import ArrayWriter, SplitWriter
from genharness.spec.dataset_name import DatasetReference, parse_reference
from genharness.spec.report import Report

__all__ = [
    "ArrayWriter",
    "DatasetMeta",
    "DatasetReference",
    "PrepareRequest",
    "PreparedData",
    "Report",
    "SplitWriter",
    "Units",
    "data_home",
    "ensure_prepared",
    "is_prepared",
    "open_folder",
    "open_prepared",
    "parse_reference",
    "prepared_datasets",
    "prepared_folder",
    "remove_prepared",
    "resolve",
    "stratified_split",
    "stratified_subset",
    "verify_arrays",
]
