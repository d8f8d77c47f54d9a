"""scikit-learn's digits: the dataset that comes with the installation."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import DatasetSpec, hookimpl


@hookimpl
def genharness_datasets() -> Sequence[DatasetSpec]:
    """Return `digits`."""
    return [
        DatasetSpec(
            name="digits",
            summary="1,797 handwritten digits of 8x8 pixels, bundled; tiny, so its scores are only indicative",
            factory="genharness_data_digits.digits:prepare",
            shape=(1, 8, 8),
            class_names=tuple("0123456789"),
            counts={"train": 1258, "test": 539},
            licence="CC BY 4.0",
            homepage="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
            bundled=True,
        )
    ]
