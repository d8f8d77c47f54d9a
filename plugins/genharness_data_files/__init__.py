"""The user's own data: `folder:PATH`, `zip:PATH` and `npz:PATH`."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import DatasetSpec, hookimpl


@hookimpl
def genharness_datasets() -> Sequence[DatasetSpec]:
    """Return `folder`, `zip` and `npz`."""
    return [
        DatasetSpec(
            name="folder",
            summary="Your own pictures in a folder; subfolders are classes, or train and test",
            factory="genharness_data_files.pictures:prepare",
            licence="yours",
            parametric=True,
            bundled=True,
        ),
        DatasetSpec(
            name="zip",
            summary="Your own pictures in a zip, laid out as for folder",
            factory="genharness_data_files.pictures:prepare",
            licence="yours",
            parametric=True,
            bundled=True,
        ),
        DatasetSpec(
            name="npz",
            summary="Your own images in a .npz: images and labels, or x_train, y_train, x_test, y_test",
            factory="genharness_data_files.npz:prepare",
            licence="yours",
            parametric=True,
            bundled=True,
        ),
    ]
