"""What a metric is given: one evaluation, which computes everything shared lazily and once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, overload

import numpy as np
import torch
from numpy.typing import NDArray

from genharness.kit.extractor import Extracted
from genharness.kit.model import Decodes
from genharness.spec.capabilities import CapabilityName

__all__ = ["Evaluation", "Metric", "Reconstructions", "SampleSet"]

SampleSet = Literal["real", "fake", "train", "test"]
"""`real`: the protocol's reference samples; `fake`: the generated ones; `train`, `test`: the dataset's splits."""


@dataclass(frozen=True, slots=True)
class Reconstructions:
    """Held-out samples beside what the model makes of them: uint8 images `(n, c, h, w)` or float32 rows `(n, d)`."""

    originals: NDArray[Any]
    reconstructed: NDArray[Any]


class Evaluation(Protocol):
    """Real and generated samples and all that is derived from them. Everything is computed on first use and kept."""

    @property
    def seed(self) -> int:
        """Seed of the protocol: for subsets, splits and k-means of metrics."""

    @property
    def device(self) -> torch.device:
        """Where heavy metric maths may run."""

    @property
    def weights(self) -> Path | None:
        """What the user passed as `--weights`, for metrics with pretrained networks; it may be meant for others."""

    @property
    def extractor(self) -> str:
        """Name of the protocol's extractor."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the dataset's classes, empty when it has none."""

    def samples(self, which: SampleSet) -> NDArray[Any]:
        """Return uint8 images `(n, c, h, w)` or float32 rows `(n, d)`."""

    def real_images(self) -> NDArray[np.uint8]:
        """Return `samples("real")` of image data."""

    def fake_images(self) -> NDArray[np.uint8]:
        """Return `samples("fake")` of image data."""

    def labels(self, which: SampleSet) -> NDArray[np.int64] | None:
        """Return class indices `(n,)`: of `fake` the classes that were asked for; None where there are none."""

    def extracted(self, which: SampleSet, extractor: str | None = None) -> Extracted:
        """Return features (and logits) by the protocol's extractor, or by the named one."""

    def features(self, which: SampleSet) -> NDArray[np.float32]:
        """Return `(n, d)` features of the protocol's extractor."""

    def statistics(self, which: Literal["real", "fake", "train", "test"]) -> Any:
        """Return the `genharness.functional.frechet.GaussianStatistics` of features; those of real data are cached."""

    def derived(
        self, what: str, sets: tuple[SampleSet, ...], compute: Callable[[], Mapping[str, NDArray[Any]]]
    ) -> Mapping[str, NDArray[Any]]:
        """Return arrays that depend only on the features of `sets`, computed once and kept with those of the first.

        Args:
            what: Names the arrays and every option that they depend on, such as `radii k=5`.
            sets: The sets whose features they depend on, in the order that `compute` takes them.
            compute: Gives the arrays by name; called where none are kept.
        """

    def state(self, fact: str, value: float) -> None:
        """Keep a number that says how scores were computed, such as how many samples were compared.

        Args:
            fact: Its key among the record's facts, such as `prdc_samples`.
            value: The number.
        """

    def state_error(self, column: str, error: float | Callable[[], float]) -> None:
        """Say how far a score would move if the same trained model were evaluated with other samples.

        They are other samples of the model, the real ones staying as they are; for what a model makes of held-out
        samples, other held-out ones.

        Args:
            column: Key of one of the metric's own columns.
            error: Standard error in the column's unit, at least 0; NaN where it is undefined. A function that gives
                it is called only where errors are wanted: not over training, nor for bands of real samples.
        """

    def show(self, name: str, images: NDArray[np.uint8], columns: int) -> None:
        """Give a picture that belongs to the scores; it is kept with a cell's other pictures.

        Args:
            name: What it is called among the record's artefacts, such as `nearest_train`.
            images: `(n, c, h, w)`, drawn as a grid, row by row.
            columns: Images in a row.
        """

    def posteriors(self, which: SampleSet) -> NDArray[np.float64]:
        """Return class probabilities `(n, classes)` by the dataset's own classifier."""

    @overload
    def of_model(self, need: Literal["reconstructions"]) -> Reconstructions: ...

    @overload
    def of_model(self, need: Literal["latents"]) -> NDArray[np.float32]: ...

    @overload
    def of_model(self, need: Literal["decoder"]) -> Decodes: ...

    @overload
    def of_model(self, need: Literal["likelihood", "kl_to_prior"]) -> NDArray[np.float64]: ...

    def of_model(self, need: CapabilityName) -> Any:
        """Return what the model makes of held-out samples, which a metric names among its `needs`.

        Args:
            need: `reconstructions`; `latents`: codes `(n, latent)`; `decoder`: what makes samples of codes, to be
                called without gradients; `likelihood`: bits per dimension `(n,)`; `kl_to_prior`: the divergence of the
                samples' posteriors from the prior in nats `(n,)`.

        Raises:
            ConfigError: If the model cannot.
        """

    def kind(self, need: CapabilityName) -> str:
        """Return of which kind what the model can do is, such as `exact` or `bound`; empty where there is but one."""


class Metric(Protocol):
    """A metric: built with its Config, asked once per evaluation."""

    def __init__(self, config: Any) -> None: ...

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return a number for each of the spec's columns (NaN where undefined)."""
