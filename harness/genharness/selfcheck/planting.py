"""Evaluations of planted faults: the sets that a fault leaves alone are shared by all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.kit.evaluation import SampleSet
from genharness.kit.extractor import Extracted
from genharness.measure.bands import Places, Regrouped
from genharness.measure.evaluation import SampleData, SampleEvaluation
from genharness.selfcheck.faults import Planted
from genharness.selfcheck.real_samples import RealSamples

__all__ = ["Faulty", "division", "most_samples"]


def most_samples(rows: int) -> int:
    """Return how many samples can be scored of so many real rows: a fifth."""
    return rows // 5


def division(whole: SampleEvaluation, count: int, draw: int) -> tuple[Regrouped, RealSamples]:
    """Return the data divided anew: two fifths to compare with, a fifth held out, of the others `count` to be scored.

    What is compared with is also what was trained on; no row is in two sets. Classes are as frequent in each as in all.

    Args:
        whole: The evaluation of the data as it is, whose train and test splits are thrown together.
        count: Samples to score, at most `most_samples`.
        draw: Which division; the protocol's seed and it decide.
    """
    rows = sum(len(whole.samples(split)) for split in ("train", "test"))
    mixed = _mixed(whole, rows, np.random.default_rng([whole.seed, 41, draw]))
    fifth = most_samples(rows)
    parts = {"train": mixed[: 2 * fifth], "test": mixed[2 * fifth : 3 * fifth], "fresh": mixed[3 * fifth :]}
    known, held_out, fresh = (np.sort(parts[name]) for name in ("train", "test", "fresh"))
    places: dict[SampleSet, Places] = {
        "real": known,
        "train": known,
        "test": held_out,
        "fake": np.sort(parts["fresh"][:count]),
    }
    pool = Regrouped(whole, {"fake": fresh})
    order = np.searchsorted(fresh, parts["fresh"])  # the scored ones first, as `fake` has them
    labels, grouped = pool.labels("fake"), Regrouped(whole, places)
    material = RealSamples(
        fresh=pool.samples("fake")[order],
        labels=None if labels is None else labels[order],
        train=grouped.samples("train"),
        train_labels=grouped.labels("train"),
        count=count,
        seed=whole.seed,
    )
    return grouped, material


def _mixed(whole: SampleEvaluation, rows: int, rng: np.random.Generator) -> Places:
    """Return all rows in a random order in which classes are as frequent in every part as in the whole."""
    parts = [whole.labels(split) for split in ("train", "test")]
    known = [part for part in parts if part is not None]
    labels = np.concatenate(known) if len(known) == len(parts) else np.zeros(rows, np.int64)
    at = np.empty(rows)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        at[members] = (np.arange(len(members)) + rng.uniform()) / len(members)
    return np.argsort(at, kind="stable")


class Faulty(SampleEvaluation):
    """The evaluation of a fault.

    Args:
        sound: The evaluation of the same division without it; what concerns only its real samples is taken from there.
        planted: The sets that the fault changes.
    """

    def __init__(self, sound: SampleEvaluation, planted: Planted) -> None:
        super().__init__(
            {which: SampleData(samples, labels, {}) for which, (samples, labels) in planted.items()},
            sound.protocol,
            sound.built_extractor,
            classifier=sound.classifier,
            class_names=sound.class_names,
            device=sound.device,
            errors_wanted=False,
        )
        self._sound = sound

    def _set(self, which: SampleSet) -> SampleData:
        if which not in self._sets:
            self._sets[which] = SampleData(self._sound.samples(which), self._sound.labels(which), {})
        return self._sets[which]

    def _load_or_extract(self, which: SampleSet, name: str) -> Extracted:
        if self.samples(which) is self._sound.samples(which):
            return self._sound.extracted(which, name)
        return super()._load_or_extract(which, name)

    def _load_or_derive(
        self, what: str, sets: tuple[SampleSet, ...], compute: Callable[[], Mapping[str, NDArray[Any]]]
    ) -> Mapping[str, NDArray[Any]]:
        if all(self.samples(which) is self._sound.samples(which) for which in sets):
            return self._sound.derived(what, sets, compute)
        return compute()
