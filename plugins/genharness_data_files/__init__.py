"""The user's own data: pictures in folders and archives, arrays, tables, Hugging Face datasets."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import DatasetSpec, hookimpl


@hookimpl
def genharness_datasets() -> Sequence[DatasetSpec]:
    """Return `folder`, `zip`, `npz`, `tar`, `parquet`, `h5`, `csv`, `array` and `hf`."""
    return [
        _own("folder", "Your own pictures in a folder; subfolders are classes, or train and test", "pictures"),
        _own("zip", "Your own pictures in a zip, laid out as for folder", "pictures"),
        _own("npz", "Your own images in a .npz: images and labels, or x_train, y_train, x_test, y_test", "npz"),
        _own("tar", "Your own pictures in tar shards as webdataset writes them: KEY.png beside KEY.cls or KEY.json"),
        _own("parquet", "Your own pictures or table in parquet files: parquet:PATH#COLUMN,label=COLUMN"),
        _own("h5", "Your own images or rows in a HDF5 file: h5:PATH#ARRAY,label=ARRAY"),
        _own("csv", "Your own table as CSV: numbers, names of columns in the first line, csv:PATH#label=COLUMN"),
        DatasetSpec(
            name="array",
            summary="What a program holds: genharness.run(datasets={'mine': samples})",
            factory="genharness_data_files.held:prepare",
            licence="yours",
            parametric=True,
        ),
        DatasetSpec(
            name="hf",
            summary="Hugging Face datasets: hf:OWNER/NAME, or hf:./FOLDER as save_to_disk or parquet files left it",
            factory="genharness_data_files.stored:prepare",
            licence="see its page",
            homepage="https://huggingface.co/datasets",
            parametric=True,
            selects=True,
        ),
    ]


def _own(name: str, summary: str, module: str = "stored") -> DatasetSpec:
    return DatasetSpec(
        name=name,
        summary=summary,
        factory=f"genharness_data_files.{module}:prepare",
        licence="yours",
        parametric=True,
        selects=module == "stored",
        bundled=True,
    )
