"""How well a model reconstructs held-out images."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import Column, MetricSpec, hookimpl

__all__ = ["genharness_metrics"]


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metric."""
    return [
        MetricSpec(
            name="reconstruction",
            summary="PSNR, SSIM, MSE and BCE of held-out images and their reconstructions",
            place=80,
            factory="genharness_metric_reconstruction.reconstruction:Reconstruction",
            columns=(
                Column(key="psnr", title="PSNR", unit="dB", higher_is_better=True, format=".2f"),
                Column(key="ssim", title="SSIM", higher_is_better=True),
                Column(key="mse", title="MSE", higher_is_better=False, format=".4f"),
                Column(key="bce", title="BCE", unit="nats", higher_is_better=False, format=".4f"),
            ),
            needs=("reconstructions",),
            paper="Wang et al. 2004 (SSIM)",
        )
    ]
