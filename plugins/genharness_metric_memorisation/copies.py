"""Excess near copies and membership inference over an evaluation, in features and in pixels."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from genharness.functional.copying.membership import Membership, membership
from genharness.functional.copying.near_copies import CopyStandard, NearCopies, RowsByParts, near_copies
from genharness.kit import Evaluation
from genharness.kit.equal_counts import equal_draws
from genharness.kit.evaluation import SampleSet
from genharness_metric_memorisation import CopiesConfig
from genharness_metric_memorisation.held_out import are_held_out
from genharness_metric_memorisation.nearest_rows import keep_nearest_rows

__all__ = ["Copies"]

_PAIRS = 8
_SCORES = ("excess_copies", "closer_to_train", "membership_auc", "membership_caught")


class Copies:
    """Generated samples beside the training split, held-out samples being the standard."""

    def __init__(self, config: CopiesConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return the excess of near copies, about the share of copies, and what else tells training data from new data.

        The others are a half, and `membership_caught` a hundredth, where nothing does; it is undefined with fewer than
        1,000 held-out samples. All are undefined where the samples are the held-out rows themselves, as those of `real`
        are: they cannot be the standard for themselves.
        """
        if are_held_out(evaluation):
            return dict.fromkeys((*_SCORES, *(["excess_copies_pixels"] if _images(evaluation) else [])), math.nan)
        found = _near_copies(evaluation, "features", *(_features(evaluation, which) for which in _SETS))
        keep_nearest_rows(evaluation, found.distance, found.nearest)
        attack = _membership(evaluation)
        evaluation.state_error("excess_copies", found.error)
        evaluation.state_error("closer_to_train", found.closer_error)
        evaluation.state_error("membership_auc", attack.error)
        evaluation.state_error("membership_caught", attack.caught_error)
        numbers = (found.excess, found.closer_to_train, attack.auc, attack.caught)
        scores = dict(zip(_SCORES, numbers, strict=True))
        if _images(evaluation):
            _show(evaluation, "nearest_train", found, np.arange(len(found.distance)))
            scores["excess_copies_pixels"] = self._in_pixels(evaluation)
        return scores

    def _in_pixels(self, evaluation: Evaluation) -> float:
        count, side = len(evaluation.samples("fake")), self.config.pixel_side
        drawn = np.arange(count)
        if 0 < self.config.pixel_count < count:
            rng = np.random.default_rng([evaluation.seed, 47])
            drawn = np.sort(rng.choice(count, self.config.pixel_count, replace=False))
        train, test = _Pooled(evaluation.samples("train"), side), _pooled(evaluation.samples("test"), side)
        fake = _pooled(evaluation.samples("fake")[drawn], side)
        found = _near_copies(evaluation, f"pixels, side={side}", train, test, fake)
        evaluation.state_error("excess_copies_pixels", found.error)
        _show(evaluation, "nearest_train_pixels", found, drawn)
        return found.excess


_SETS: tuple[SampleSet, ...] = ("train", "test", "fake")


def _images(evaluation: Evaluation) -> bool:
    return bool(evaluation.samples("fake").dtype == np.uint8)


def _features(evaluation: Evaluation, which: SampleSet) -> Tensor:
    return torch.from_numpy(evaluation.features(which)).to(evaluation.device)


def _near_copies(
    evaluation: Evaluation, space: str, train: Tensor | RowsByParts, test: Tensor, fake: Tensor
) -> NearCopies:
    kept = evaluation.derived(
        f"near copies among held-out samples in {space}, seed={evaluation.seed}",
        ("train", "test"),
        lambda: CopyStandard.of(train, test, seed=evaluation.seed).arrays(),
    )
    return near_copies(train, test, fake, standard=CopyStandard.from_arrays(kept))


def _membership(evaluation: Evaluation) -> Membership:
    draws = equal_draws(evaluation, 0, ("train", "test"))
    members, others = (torch.from_numpy(draw.of(evaluation.features(draw.which))) for draw in draws)
    device = evaluation.device
    return membership(members.to(device), others.to(device), _features(evaluation, "fake"))


class _Pooled:
    """Images `(n, c, h, w)`, of which some are averaged to a side and flattened whenever they are asked for.

    A million of them would take a gigabyte: read again where they lie, they take nothing.
    """

    def __init__(self, images: NDArray[np.uint8], side: int) -> None:
        self._images, self._side = images, side

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, rows: Tensor) -> Tensor:
        return _pooled(self._images[rows.numpy()], self._side)


def _pooled(images: NDArray[np.uint8], side: int) -> Tensor:
    """Return images `(n, c, h, w)` averaged to a side and flattened, float32, a thousand at a time."""
    parts = []
    for start in range(0, len(images), 1000):
        batch = torch.from_numpy(np.array(images[start : start + 1000])).float() / 256
        size = min(side, batch.shape[2]), min(side, batch.shape[3])
        parts.append(adaptive_avg_pool2d(batch, size).flatten(1))
    return torch.cat(parts)


def _show(evaluation: Evaluation, name: str, found: NearCopies, fakes: NDArray[np.int64]) -> None:
    """Show the nearest pairs: each generated image, and the training image that is nearest to it."""
    first = found.distance.argsort(kind="stable")[:_PAIRS]
    pairs = (evaluation.samples("fake")[fakes[first]], evaluation.samples("train")[found.nearest[first]])
    images = np.stack([np.asarray(side) for side in pairs], axis=1)
    evaluation.show(name, images.reshape(-1, *images.shape[2:]), _PAIRS)
