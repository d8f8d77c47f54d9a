"""How well a model reconstructs held-out images, and how near its samples come to real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import Column, MetricSpec, hookimpl, option

__all__ = ["NearestRealConfig", "genharness_metrics"]


@dataclass(frozen=True)
class NearestRealConfig:
    """Options of the comparison with the nearest real image."""

    count: int = option(1000, low=1, high=10_000_000, help="generated samples at most, drawn by the seed")


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metrics."""
    return [
        MetricSpec(
            name="reconstruction",
            summary="PSNR, SSIM, MSE and BCE of held-out images and their reconstructions",
            place=80,
            factory="genharness_metric_reconstruction.reconstruction:Reconstruction",
            columns=(
                Column(key="psnr", title="PSNR", unit="dB", higher_is_better=True, format=".2f", wide=True),
                Column(key="ssim", title="SSIM", higher_is_better=True, wide=True, least=-1, most=1),
                Column(key="mse", title="MSE", higher_is_better=False, format=".4f", wide=True, least=0),
                Column(key="bce", title="BCE", unit="nats", higher_is_better=False, format=".4f", wide=True, least=0),
            ),
            needs=("reconstructions",),
            periodic=True,
            paper="Wang et al. 2004 (SSIM)",
        ),
        MetricSpec(
            name="nearest-real",
            summary="PSNR and SSIM of generated images and the real image nearest to each: very high for copies",
            place=91,
            factory="genharness_metric_reconstruction.nearest:NearestRealMetric",
            config=NearestRealConfig,
            columns=(
                Column(key="nearest_psnr", title="Nearest PSNR", unit="dB", format=".2f", wide=True),
                Column(key="nearest_ssim", title="Nearest SSIM", wide=True, least=-1, most=1),
            ),
            paper="Wang et al. 2004 (SSIM)",
        ),
    ]
