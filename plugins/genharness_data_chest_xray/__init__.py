"""Chest X-rays: the COVID-19 image data collection and the COVID-19 radiography database."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import DatasetSpec, hookimpl

__all__ = ["genharness_datasets"]


@hookimpl
def genharness_datasets() -> Sequence[DatasetSpec]:
    """Return the chest X-ray datasets."""
    return [COVID, COVID_RADIOGRAPHY]


COVID = DatasetSpec(
    name="covid",
    summary="Frontal chest X-rays with COVID-19, other diseases or none; split by patient",
    factory="genharness_data_chest_xray.covid:prepare",
    shape=(1, 128, 128),
    class_names=("COVID-19", "No Finding", "Other disease"),
    smoke_side=32,
    licence="differs from image to image: see the license column of metadata.csv",
    homepage="https://github.com/ieee8023/covid-chestxray-dataset",
)

COVID_RADIOGRAPHY = DatasetSpec(
    name="covid-radiography",
    summary="21,165 chest X-rays of four classes, which come from different sources",
    factory="genharness_data_chest_xray.radiography:prepare",
    shape=(1, 299, 299),
    class_names=("COVID", "Lung_Opacity", "Normal", "Viral Pneumonia"),
    smoke_side=32,
    counts={"train": 16_932, "test": 4_233},
    licence="as its Kaggle page says; cite Chowdhury et al. (2020) and Rahman et al. (2021)",
    homepage="https://www.kaggle.com/datasets/tawsifurrahman/covid19-radiography-database",
)
