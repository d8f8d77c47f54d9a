"""Image quality over an evaluation's reconstructions."""

from __future__ import annotations

from collections.abc import Mapping

from genharness import NoOptions
from genharness.functional.image_quality import bce, mse, psnr, ssim
from genharness.kit import Evaluation
from genharness.kit.sampling_errors import mean_error

__all__ = ["Reconstruction"]

_MEASURES = {"psnr": psnr, "ssim": ssim, "mse": mse, "bce": bce}


class Reconstruction:
    """Means over held-out images, pixels in [0, 1]."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return PSNR (dB), SSIM in [-1, 1], MSE and BCE (nats a value)."""
        pairs = evaluation.of_model("reconstructions")
        found = {key: measure(pairs.originals, pairs.reconstructed).numpy() for key, measure in _MEASURES.items()}
        evaluation.state("reconstruction_samples", len(pairs.originals))
        for key, values in found.items():
            evaluation.state_error(key, mean_error(values))
        return {key: float(values.mean()) for key, values in found.items()}
