"""The brute force of scores over the classes that the classifier sees, sample by sample."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from genharness.kit.evaluation import SampleSet
from genharness.measure.evaluation import SampleEvaluation
from genharness.verify.base import Options

__all__ = ["class_accuracy_brute", "modes_brute"]


def modes_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Shares of classes, counted; the divergence of the fakes' from the reals' in nats."""
    real, fake = (_shares(_seen(evaluation, which)) for which in ("real", "fake"))
    covered = [one for one, share in real.items() if fake.get(one, 0.0) >= max(options["threshold"] * share, 1e-300)]
    apart = [abs(real.get(one, 0.0) - fake.get(one, 0.0)) for one in {*real, *fake}]
    found = {"modes_covered": float(len(covered)), "mode_tv": sum(apart) / 2}
    if set(fake) - set(real):  # infinite, which a score does not hold
        return found
    return {**found, "mode_kl": sum(share * math.log(share / real[one]) for one, share in fake.items())}


def class_accuracy_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """The share of samples whose largest logit is that of the class asked for."""
    asked = evaluation.labels("fake")
    if asked is None:
        raise ValueError("the fake samples have no classes")
    seen = _seen(evaluation, "fake")
    return {"class_accuracy": sum(one == int(label) for one, label in zip(seen, asked, strict=True)) / len(seen)}


def _seen(evaluation: SampleEvaluation, which: SampleSet) -> list[int]:
    """Return the class of each sample's largest logit."""
    logits = evaluation.extracted(which, evaluation.classifier).logits
    if logits is None:
        raise ValueError(f"extractor {evaluation.classifier} gives no class logits")
    return [max(range(len(row)), key=row.__getitem__) for row in logits.tolist()]


def _shares(seen: list[int]) -> dict[int, float]:
    return {one: count / len(seen) for one, count in Counter(seen).items()}
