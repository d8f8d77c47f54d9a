"""One extractor on several devices, which share every set of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.engine.devices import on_device
from genharness.errors import PluginError
from genharness.functional.parallel import exact_convolutions, ieee_products
from genharness.kit.extractor import Extracted, Extractor

__all__ = ["SpreadExtractor"]


class SpreadExtractor(Extractor):
    """Copies of an extractor, each on a device of its own, that extract side by side.

    What comes out is what one of them would give, because features do not depend on how samples are batched.

    Args:
        copies: At least one, built alike but for their devices.

    Raises:
        PluginError: If they differ in their identity.
    """

    def __init__(self, copies: Sequence[Extractor]) -> None:
        super().__init__(copies[0].context, copies[0].config)
        identities = {copy.identity for copy in copies}
        if len(identities) > 1:
            raise PluginError(f"{type(copies[0]).__name__} has another identity each time: {sorted(identities)}")
        self._copies = copies

    @property
    def identity(self) -> str:
        """That of every copy."""
        return self._copies[0].identity

    def facts(self) -> Mapping[str, float]:
        """Return the facts of a copy."""
        return self._copies[0].facts()

    def extract(self, samples: NDArray[Any]) -> Extracted:
        """Return features of all samples, in their order."""
        shares = [share for share in np.array_split(samples, len(self._copies)) if len(share)]
        # Copies set these flags, too, which all threads share: here they are set before the first and after the last.
        with ieee_products(), exact_convolutions(), ThreadPoolExecutor(len(shares)) as pool:
            parts = list(pool.map(_extract, self._copies, shares))
        logits = [part.logits for part in parts if part.logits is not None]
        return Extracted(
            features=np.concatenate([part.features for part in parts]),
            logits=np.concatenate(logits) if logits else None,
        )


def _extract(copy: Extractor, samples: NDArray[Any]) -> Extracted:
    with on_device(copy.context.device):
        return copy.extract(samples)
