"""Tables that come with scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import DatasetSpec, hookimpl

__all__ = ["genharness_datasets"]


@hookimpl
def genharness_datasets() -> Sequence[DatasetSpec]:
    """Return the tabular datasets."""
    return [
        DatasetSpec(
            name="breast-cancer",
            summary="Wisconsin diagnostic breast cancer: 30 measurements of cell nuclei, benign or malignant",
            factory="genharness_data_tabular.breast_cancer:prepare",
            modality="tabular",
            shape=(30,),
            class_names=("malignant", "benign"),
            counts={"train": 455, "test": 114},
            licence="CC BY 4.0",
            homepage="https://archive.ics.uci.edu/dataset/17/breast+cancer+wisconsin+diagnostic",
            bundled=True,
        )
    ]
