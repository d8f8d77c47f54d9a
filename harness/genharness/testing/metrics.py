"""What every metric must do."""

from __future__ import annotations

import functools
import math
import unittest
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness.data import PreparedData
from genharness.errors import GenharnessError
from genharness.kit.evaluation import Reconstructions, SampleSet
from genharness.kit.extractor import Extracted, Extractor, ExtractorContext
from genharness.measure.capabilities import Views
from genharness.measure.evaluation import SampleData, SampleEvaluation
from genharness.measure.read_only import COPY, changes_shared, reading_only
from genharness.plugin.blame import place
from genharness.plugin.registry import load_factory
from genharness.selfcheck.check import check
from genharness.selfcheck.faults import FAULTS
from genharness.spec.capabilities import CAPABILITIES
from genharness.spec.options import NoOptions, build_config
from genharness.spec.plugins import MetricSpec
from genharness.spec.protocol import Protocol
from genharness.testing.check import Check, must
from genharness.testing.synthetic import CLASSES, synthetic_data

__all__ = ["metric_checks"]


class _Samples(Extractor):
    """The samples themselves as features, and their distance to the mean of each class as logits."""

    @property
    def identity(self) -> str:
        """One name for all."""
        return "samples"

    def extract(self, samples: NDArray[Any]) -> Extracted:
        """Return features `(n, d)` and logits `(n, classes)`."""
        data = self.context.data
        assert data is not None
        rows, labels = _rows(data.samples("train")), data.labels("train")
        centres = np.stack([rows[labels == index].mean(axis=0) for index in range(CLASSES)])
        features = _rows(samples)
        return Extracted(features, -((features[:, None] - centres) ** 2).sum(axis=2))


def _rows(samples: NDArray[Any]) -> NDArray[np.float32]:
    scale = 255 if samples.dtype == np.uint8 else 1
    return np.asarray(samples).reshape(len(samples), -1).astype(np.float32) / np.float32(scale)


def metric_checks(specs: MetricSpec | Iterable[MetricSpec]) -> list[Check]:
    """Return the checks of some metrics, on small images and rows with everything that a metric may ask for."""
    many = [specs] if isinstance(specs, MetricSpec) else specs
    return [check for spec in many for check in _checks_of(spec)]


def _checks_of(spec: MetricSpec) -> list[Check]:
    checks = [Check(f"{spec.name}: says when a score tells collapse", functools.partial(_collapse_shares, spec))]
    for modality in spec.modalities:
        run = functools.partial(_scores, spec, modality == "tabular")
        checks.append(Check(f"{spec.name}: scores {modality} data", run))
        sees = functools.partial(_sees_faults, spec, modality)
        skip = functools.partial(_of_a_model, spec)
        checks.append(Check(f"{spec.name}: sees faults in {modality} data", sees, skip_reason=skip))
    return checks


def _of_a_model(spec: MetricSpec) -> str:
    asked = set(spec.needs) & (CAPABILITIES.keys() - {"conditions"})
    return f"it measures a model ({', '.join(sorted(asked))}), and faults are planted into samples" if asked else ""


_PLANTED = ("noise", "constant", "one sample", "one mode", "copies", "wrong labels")
"""The coarsest faults: what tells real samples from none of them tells nothing."""


SETS: tuple[SampleSet, ...] = ("fake", "real", "train", "test")


def _sees_faults(spec: MetricSpec, modality: str) -> None:
    """Tells some planted fault from real samples, breaks on none, and does not call noise better than real samples."""
    whole = _evaluation(synthetic_data(16, 3, tabular=modality == "tabular"))
    metric = load_factory(spec)(build_config(spec.name, spec.config, dict(spec.self_check)))
    planted = [fault for fault in FAULTS if fault.name in _PLANTED]
    found = check(whole, [(spec, metric)], dataset="conformance", modality=modality, count=40, draws=8, faults=planted)
    if spec.name in found.absent:
        raise unittest.SkipTest(found.absent[spec.name])
    columns = [column.key for column in found.columns]
    for tried in found.faults:
        must(not tried.failed, f"it breaks on samples that are {tried.name}: {tried.failed.get(spec.name)}")
        best = [key for key in columns if tried.columns[key].sight == "better than real"]
        must(tried.name != "noise" or not best, f"{best} has a better end, and noise is better there than real samples")
    seen = [tried.name for tried in found.faults if tried.seen_by(columns)]
    must(seen, f"its scores of {', '.join(_PLANTED)} are all as those of real samples")


def _collapse_shares(spec: MetricSpec) -> None:
    """Scores that fall when samples are all alike say so by a share of the real value."""
    for column in spec.columns:
        share = column.collapse_below
        if share is not None:
            must(0 < share < 1, f"{column.key}: collapse_below={share:g} is no share between 0 and 1")
            must(
                column.higher_is_better is not False,
                f"{column.key}: collapse_below wants a score that is not better when lower",
            )


def _scores(spec: MetricSpec, tabular: bool) -> None:
    """Gives numbers for columns of its own, the same each time, and leaves the samples as they were."""
    data = synthetic_data(16, 3, tabular=tabular)
    first, second = _compute(spec, data), _compute(spec, data)
    known = {column.key for column in spec.columns}
    must(first, "compute gives nothing")  # but a metric may have other columns for other extractors
    must(set(first) <= known, f"compute gives {sorted(first)}, and its columns are {sorted(known)}")
    for key, value in first.items():
        must(isinstance(value, float | int), f"{key} is a {type(value).__name__}, not a number")
        must(value == second[key] or (np.isnan(value) and np.isnan(second[key])), f"{key} differs from call to call")


def _compute(spec: MetricSpec, data: PreparedData) -> Mapping[str, float]:
    evaluation = _evaluation(data)
    before = _arrays(evaluation)
    metric = load_factory(spec)(build_config(spec.name, spec.config, {}))
    try:
        with reading_only():
            scores: Mapping[str, float] = metric.compute(evaluation)
    except GenharnessError as error:
        raise unittest.SkipTest(str(error)) from error
    except ValueError as error:
        must(not changes_shared(error), f"compute changes an array in place{place(error)}: {COPY}")
        raise
    after = _arrays(evaluation)
    changed = next((what for what in before if not np.array_equal(before[what], after[what])), None)
    must(changed is None, f"compute changes the {changed} in place: {COPY}")
    return scores


def _arrays(evaluation: SampleEvaluation) -> dict[str, NDArray[Any]]:
    """Return copies of what all metrics share, by what to call it."""
    found: dict[str, Any] = {}
    for which in SETS:
        extracted = evaluation.extracted(which)
        found[f"features of {which}"], found[f"logits of {which}"] = extracted.features, extracted.logits
        found[f"samples of {which}"], found[f"labels of {which}"] = evaluation.samples(which), evaluation.labels(which)
    return {what: np.array(one) for what, one in found.items() if one is not None}


def _evaluation(data: PreparedData) -> SampleEvaluation:
    context = ExtractorContext(device=torch.device("cpu"), data=data)
    fake = np.array(data.samples("train"))[::-1].copy()
    if fake.dtype == np.uint8:
        fake = (fake.astype(np.int64) + np.random.default_rng(5).integers(0, 30, fake.shape)).clip(0, 255)
        fake = fake.astype(np.uint8)
    else:
        fake += np.random.default_rng(5).normal(0, 0.1, fake.shape).astype(np.float32)
    asked = np.arange(len(fake))[::-1] % CLASSES
    sets: dict[Any, SampleData] = {
        "fake": SampleData(fake, asked, {"set": "fake"}),
        "real": _split(data, "train"),
        "train": _split(data, "train"),
        "test": _split(data, "test"),
    }
    return SampleEvaluation(
        sets,
        Protocol(extractor="samples", sample_count=len(fake)),
        lambda name: _Samples(context, NoOptions()),
        classifier="samples",
        class_names=data.class_names,
        views=_views(data),
        kinds={"likelihood": "exact"},
    )


def _split(data: PreparedData, split: str) -> SampleData:
    """Return a split, copied: a write into the files themselves, where they are mapped, would end the process."""
    labels = data.labels(split)
    return SampleData(np.array(data.samples(split)), None if labels is None else np.array(labels), {"set": split})


class _Decoder:
    """Makes samples of codes of four numbers: waves along all entries."""

    normal_latents = True

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape

    def draw_latents(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw standard normal codes `(n, 4)`."""
        return torch.randn(n, 4, generator=generator)

    def decode_latents(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        """Return samples in [-1, 1]."""
        place = torch.linspace(0, 6, math.prod(self._shape))
        waves = torch.stack([(place + power).sin() for power in range(4)])
        return (latents @ waves / 4).tanh().reshape(len(latents), *self._shape)


def _views(data: PreparedData) -> Views:
    originals = np.array(data.samples("test"))
    blurred = (originals // 2 + originals.mean() / 2).astype(originals.dtype)
    return {
        "reconstructions": lambda: Reconstructions(originals, blurred),
        "likelihood": lambda: np.linspace(2.0, 4.0, len(originals)),
        "kl_to_prior": lambda: np.linspace(0.5, 5.0, len(originals)),
        "latents": lambda: _rows(originals)[:, :8],
        "decoder": lambda: _Decoder(data.shape.shape),
    }
