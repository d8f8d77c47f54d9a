"""The evaluation that metrics are given."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
import torch
from numpy.typing import NDArray

from genharness.data import PreparedData
from genharness.errors import ConfigError, DataError, GenharnessError
from genharness.functional.gaussian import GaussianStatistics
from genharness.identity.contents import identified
from genharness.identity.parts import code_behind
from genharness.kit.evaluation import Reconstructions, SampleSet
from genharness.kit.extractor import Extracted, Extractor
from genharness.kit.model import Decodes
from genharness.measure.capabilities import Views
from genharness.measure.feature_cache import FeatureCache, extract
from genharness.spec.capabilities import CAPABILITIES, CapabilityName
from genharness.spec.protocol import Protocol

__all__ = ["Computed", "SampleData", "SampleEvaluation", "dataset_samples"]


@dataclass(frozen=True)
class SampleData:
    """One set of samples, and what its features may be cached under.

    Attributes:
        samples: Uint8 images `(n, c, h, w)` or float32 rows `(n, d)`.
        labels: Class indices `(n,)`, or None.
        key: What identifies the samples: hashes of content, subset.
        cache: Where features of them are kept, or None.
    """

    samples: NDArray[Any]
    labels: NDArray[np.int64] | None
    key: Mapping[str, Any]
    cache: FeatureCache | None = None


def dataset_samples(data: PreparedData, split: str, cache: FeatureCache | None, count: int, seed: int) -> SampleData:
    """Return a split of a dataset, or a seeded subset of `count` of it (0 for all)."""
    samples, labels = data.samples(split), data.labels(split)
    key: dict[str, Any] = {"dataset": data.content_hash, "split": split}
    if 0 < count < len(samples):
        chosen = np.sort(np.random.default_rng([seed, 29]).choice(len(samples), count, replace=False))
        samples, labels = samples[chosen], None if labels is None else labels[chosen]
        key |= {"count": count, "seed": seed}
    return SampleData(samples, labels, key, cache)


@dataclass(frozen=True, slots=True)
class Noted:
    """What a metric used and said while it was asked.

    Attributes:
        extractors: Names of the extractors that it asked for features.
        facts: What it stated of how it computed.
        errors: Standard errors of its scores, by column key.
    """

    extractors: set[str] = field(default_factory=set)
    facts: dict[str, float] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Computed:
    """What an evaluation has computed so far; one that has the same real samples can go on with it.

    Attributes:
        extracted: Features, by set and extractor.
        statistics: Mean and covariance of features, by set.
        derived: Other arrays, by what they are and of which sets.
    """

    extracted: dict[tuple[SampleSet, str], Extracted] = field(default_factory=dict)
    statistics: dict[SampleSet, GaussianStatistics] = field(default_factory=dict)
    derived: dict[tuple[str, tuple[SampleSet, ...]], Mapping[str, NDArray[Any]]] = field(default_factory=dict)

    def without(self, which: SampleSet) -> Computed:
        """Return what does not depend on a set."""
        return Computed(
            {key: value for key, value in self.extracted.items() if key[0] != which},
            {key: value for key, value in self.statistics.items() if key != which},
            {key: value for key, value in self.derived.items() if which not in key[1]},
        )


class SampleEvaluation:
    """The `genharness.kit.Evaluation` over sets of samples: features are extracted once and shared.

    Args:
        sets: The sets there are.
        protocol: Extractor, seed.
        make_extractor: Builds an extractor by name; called once for each.
        classifier: Name of the extractor whose logits are class posteriors, or None.
        class_names: Names of the classes.
        device: Where maths may run.
        views: What the model can do.
        kinds: Of which kind that is, where there are several.
        statistics: Gaussian statistics that stand in for samples that are not there.
        absent: Why a set is not there, for the reason that a metric is skipped with.
        weights: The user's `--weights`.
        on_progress: Told of extraction: which set, how many done, of how many.
        errors_wanted: Whether errors that take time are computed.
        computed: What is known already; it takes in what is computed now.
    """

    def __init__(
        self,
        sets: Mapping[SampleSet, SampleData],
        protocol: Protocol,
        make_extractor: Callable[[str], Extractor],
        *,
        classifier: str | None = None,
        class_names: tuple[str, ...] = (),
        device: torch.device | None = None,
        views: Views | None = None,
        kinds: Mapping[CapabilityName, str] | None = None,
        statistics: Mapping[SampleSet, GaussianStatistics] | None = None,
        absent: Mapping[SampleSet, str] | None = None,
        weights: Path | None = None,
        on_progress: Callable[[SampleSet, int, int], None] = lambda which, done, total: None,
        errors_wanted: bool = True,
        computed: Computed | None = None,
    ) -> None:
        self._computed = computed or Computed()
        self.errors_wanted = errors_wanted
        self.protocol = protocol
        self.class_names = class_names
        self.device = device or torch.device("cpu")
        self.weights = weights
        self._sets = dict(sets)
        self._make_extractor = make_extractor
        self.classifier = classifier
        self._views = dict(views or {})
        self._kinds = dict(kinds or {})
        self._of_model: dict[CapabilityName, Any] = {}
        self._noting: list[Noted] = []
        self._stated: dict[str, float] = {}
        self.pictures: dict[str, tuple[NDArray[np.uint8], int]] = {}
        """Images and columns of the pictures that metrics gave, by name."""
        self._extractors: dict[str, Extractor] = {}
        self._missing: dict[str, GenharnessError] = {}
        self._computed.statistics.update(statistics or {})
        self._absent = dict(absent or {})
        self._on_progress = on_progress

    @property
    def seed(self) -> int:
        """Seed of the protocol."""
        return self.protocol.seed

    @property
    def extractor(self) -> str:
        """Name of the protocol's extractor."""
        return self.protocol.extractor

    def samples(self, which: SampleSet) -> NDArray[Any]:
        """Return uint8 images `(n, c, h, w)` or float32 rows `(n, d)`."""
        return self._set(which).samples

    def real_images(self) -> NDArray[np.uint8]:
        """Return the reference images."""
        return self.samples("real")

    def fake_images(self) -> NDArray[np.uint8]:
        """Return the generated images."""
        return self.samples("fake")

    def labels(self, which: SampleSet) -> NDArray[np.int64] | None:
        """Return class indices `(n,)`, or None."""
        return self._set(which).labels

    def extracted(self, which: SampleSet, extractor: str | None = None) -> Extracted:
        """Return features and logits, from the cache where they are in it."""
        name = extractor or self.extractor
        for noted in self._noting:
            noted.extractors.add(name)
        if (which, name) not in self._computed.extracted:
            self._computed.extracted[which, name] = self._load_or_extract(which, name)
        return self._computed.extracted[which, name]

    @contextmanager
    def noting(self) -> Iterator[Noted]:
        """Give a note that takes in which extractors are asked for features and what is stated within the block."""
        noted = Noted()
        self._noting.append(noted)
        try:
            yield noted
        finally:
            self._noting.pop()

    def features(self, which: SampleSet) -> NDArray[np.float32]:
        """Return `(n, d)` features of the protocol's extractor."""
        return self.extracted(which).features

    def statistics(self, which: SampleSet) -> GaussianStatistics:
        """Return mean and covariance of the features, fitted once; those of real data are kept with the features."""
        if which not in self._computed.statistics:
            self._computed.statistics[which] = self._fitted(which)
        return self._computed.statistics[which]

    def _fitted(self, which: SampleSet) -> GaussianStatistics:
        features = self.features(which)
        if which == "fake" or len(features) <= features.shape[1]:  # few samples are a smaller factor than a covariance
            return GaussianStatistics.fit(features)

        def moments() -> dict[str, NDArray[Any]]:
            fitted = GaussianStatistics.fit(features)
            rows = {} if fitted.rows is None else {"rows": fitted.rows}
            return {"mean": fitted.mean, "covariance": fitted.covariance, **rows}

        kept = self.derived("mean and covariance", (which,), moments)
        return GaussianStatistics(kept["mean"], kept["covariance"], len(features), kept.get("rows"))

    def derived(
        self, what: str, sets: tuple[SampleSet, ...], compute: Callable[[], Mapping[str, NDArray[Any]]]
    ) -> Mapping[str, NDArray[Any]]:
        """Return what `compute` gives, from the cache where it is in it."""
        if (what, sets) not in self._computed.derived:
            self._computed.derived[what, sets] = self._load_or_derive(what, sets, compute)
        return self._computed.derived[what, sets]

    def _load_or_derive(
        self, what: str, sets: tuple[SampleSet, ...], compute: Callable[[], Mapping[str, NDArray[Any]]]
    ) -> Mapping[str, NDArray[Any]]:
        several = [self._set(which) for which in sets]
        cache = several[0].cache
        code = _code_of(compute)
        if cache is None or not code or any(one.cache is None for one in several):
            return compute()
        of = {str(place): dict(one.key) for place, one in enumerate(several)}
        key = {**self.extractor_key(self.extractor), "derived": what, "of": of, "derived_code": code}
        return cache.arrays(key, lambda: dict(compute()))

    def state(self, fact: str, value: float) -> None:
        """Keep a number that says how scores were computed."""
        self._stated[fact] = float(value)
        for noted in self._noting:
            noted.facts[fact] = float(value)

    def state_error(self, column: str, error: float | Callable[[], float]) -> None:
        """Note the standard error of a score over other samples of the same model, computed only where it is wanted."""
        if callable(error) and not self.errors_wanted:
            return
        value = float(error() if callable(error) else error)
        for noted in self._noting:
            noted.errors[column] = value

    def show(self, name: str, images: NDArray[np.uint8], columns: int) -> None:
        """Keep a picture that belongs to the scores."""
        self.pictures[name] = (images, columns)

    def recognised(self, which: SampleSet) -> NDArray[np.int64] | None:
        """Return the class `(n,)` that the dataset's classifier sees in each sample; None where nobody asked it."""
        if self.classifier is None or (which, self.classifier) not in self._computed.extracted:
            return None
        logits = self._computed.extracted[which, self.classifier].logits
        return None if logits is None else logits.argmax(axis=1)

    def posteriors(self, which: SampleSet) -> NDArray[np.float64]:
        """Return class probabilities `(n, classes)` by the dataset's own classifier.

        Raises:
            ConfigError: If there is no classifier.
        """
        if self.classifier is None:
            raise ConfigError("class posteriors need an extractor that is trained on the dataset's labels")
        logits = self.extracted(which, self.classifier).logits
        if logits is None:
            raise ConfigError(f"extractor {self.classifier} gives no logits")
        shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
        probabilities: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
        return probabilities

    @overload
    def of_model(self, need: Literal["reconstructions"]) -> Reconstructions: ...

    @overload
    def of_model(self, need: Literal["latents"]) -> NDArray[np.float32]: ...

    @overload
    def of_model(self, need: Literal["decoder"]) -> Decodes: ...

    @overload
    def of_model(self, need: Literal["likelihood", "kl_to_prior"]) -> NDArray[np.float64]: ...

    def of_model(self, need: CapabilityName) -> Any:
        """Return what the model makes of held-out samples, computed once.

        Raises:
            ConfigError: If the model cannot, or is not at hand.
        """
        if need not in self._views:
            raise ConfigError(f"the model {CAPABILITIES[need].lacks}")
        if need not in self._of_model:
            self._of_model[need] = self._views[need]()
        return self._of_model[need]

    def kind(self, need: CapabilityName) -> str:
        """Return of which kind a capability of the model is; empty where there is one kind, or nothing is known."""
        return self._kinds.get(need, "")

    def built_extractor(self, name: str) -> Extractor:
        """Return an extractor, built on first use; one that cannot be had is asked for only once."""
        if name in self._missing:
            raise self._missing[name]
        if name not in self._extractors:
            try:
                self._extractors[name] = self._make_extractor(name)
            except GenharnessError as error:
                self._missing[name] = error
                raise
        return self._extractors[name]

    def facts(self) -> dict[str, float]:
        """Return what the extractors used so far say of themselves, and what metrics stated."""
        return {key: value for one in self._extractors.values() for key, value in one.facts().items()} | self._stated

    def _set(self, which: SampleSet) -> SampleData:
        if which not in self._sets:
            raise DataError(self._absent.get(which, f"there are no {which} samples in this evaluation"))
        return self._sets[which]

    def _load_or_extract(self, which: SampleSet, name: str) -> Extracted:
        data, extractor = self._set(which), self.built_extractor(name)
        total = len(data.samples)

        def compute() -> Extracted:
            return extract(extractor, data.samples, lambda done: self._on_progress(which, done, total))

        if data.cache is None:
            return compute()
        return data.cache.get({**data.key, **self.extractor_key(name), "format": 1}, compute)

    def extractor_key(self, name: str) -> dict[str, Any]:
        """Return all that the features of an extractor depend on beside the samples: weights, options, code."""
        extractor = self.built_extractor(name)
        config = extractor.config
        options = (
            dataclasses.asdict(config) if dataclasses.is_dataclass(config) and not isinstance(config, type) else {}
        )
        return {
            "extractor": name,
            "identity": extractor.identity,
            "resize": extractor.context.resize,
            "options": identified(options),
            "code": extractor.context.code,
        }


def _code_of(compute: Callable[..., object]) -> str:
    """Return the digest of the code behind a function, empty where its module cannot be found."""
    while isinstance(compute, functools.partial):
        compute = compute.func
    owner = compute if hasattr(compute, "__code__") else type(compute)
    try:
        return code_behind(owner.__module__)
    except ModuleNotFoundError:
        return ""
