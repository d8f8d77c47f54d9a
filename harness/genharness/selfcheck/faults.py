"""What can be wrong with generated samples, each planted into real ones on purpose.

A fault is a function of `RealSamples` that gives the sets that it changes. Add one to `FAULTS`, and every metric is
tried on it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from genharness.kit.evaluation import SampleSet
from genharness.selfcheck.real_samples import Labels, RealSamples, Samples
from genharness.spec.plugins import Modality

__all__ = ["FAULTS", "Fault", "Planted"]

Planted = Mapping[SampleSet, tuple[Samples, Labels | None]]
"""The sets that a fault changes, with their labels."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        name: One or two words.
        summary: What is done to real samples, in a line.
        plant: Gives the sets that are not as they should be.
        modalities: What it can be planted into.
        classes: Classes that the data must have for it.
    """

    name: str
    summary: str
    plant: Callable[[RealSamples], Planted]
    modalities: tuple[Modality, ...] = ("image", "tabular")
    classes: int = 0

    def __reduce__(self) -> tuple[Callable[[str], Fault], tuple[str]]:
        """Let another process send it by its name: what plants it is often a function without one."""
        return _named, (self.name,)


def _named(name: str) -> Fault:
    return next(fault for fault in FAULTS if fault.name == name)


def _fake(samples: Samples, labels: Labels | None) -> Planted:
    return {"fake": (samples, labels)}


def _changed(change: Callable[[RealSamples, Samples], Samples]) -> Callable[[RealSamples], Planted]:
    """Return the fault that changes every sample and leaves the classes as they are."""
    return lambda material: _fake(change(material, material.samples), _labels(material))


def _labels(material: RealSamples) -> Labels | None:
    return None if material.labels is None else material.labels[: material.count]


def _noise(share: float, material: RealSamples) -> Planted:
    samples, bad = material.samples.copy(), round(share * material.count)
    samples[:bad] = material.noise(bad)
    return _fake(samples, _labels(material))


def _copies(share: float, jitter: float, material: RealSamples) -> Planted:
    count = round(share * material.count)
    chosen = material.rng.choice(len(material.train), count, replace=count > len(material.train))
    samples, labels = material.samples.copy(), _labels(material)
    samples[:count] = material.jittered(material.train[chosen], jitter) if jitter else material.train[chosen]
    if labels is not None and material.train_labels is not None:
        labels = np.concatenate([material.train_labels[chosen], labels[count:]])
    return _fake(samples, labels)


def _repeated(rows: int, jitter: float, material: RealSamples) -> Planted:
    few = max(1, round(material.count / rows)) if rows else 1
    samples, chosen = material.repeated(material.fresh[:few])
    labels = None if material.labels is None else material.labels[chosen]
    return _fake(material.jittered(samples, jitter) if jitter else samples, labels)


def _constant(material: RealSamples) -> Planted:
    mean = np.broadcast_to(material.mean, material.samples.shape)
    return _fake(material.like(mean), _labels(material))


def _without(kept: Callable[[int], int], material: RealSamples) -> Planted:
    """Keep the first classes only; rows come again, a little changed, where too few are left."""
    assert material.labels is not None
    classes = np.unique(material.labels)
    left = np.flatnonzero(np.isin(material.labels, classes[: kept(len(classes))]))
    samples, chosen = material.repeated(material.fresh[left])
    if len(left) < material.count:
        samples = material.jittered(samples, 0.02)
    return _fake(samples, material.labels[left][chosen])


def _wrong_labels(material: RealSamples) -> Planted:
    assert material.labels is not None
    return _fake(material.samples, material.rng.permutation(material.labels[: material.count]))


def _towards_mean(factor: float, material: RealSamples, samples: Samples) -> Samples:
    return material.like(material.mean + factor * (samples - material.mean))


def _hub(material: RealSamples) -> Planted:
    samples = material.noise(material.count)
    samples[0] = material.like(material.mean[None])[0]
    return _fake(samples, _labels(material))


def _outlier(material: RealSamples) -> Planted:
    real = material.train.copy()
    real[0] = 255 if material.images else material.mean + 100 * material.scale
    return {"real": (real, material.train_labels), **_noise(1.0, material)}


def _swapped(material: RealSamples) -> Planted:
    """Put shrunken rows where the reference is: what is scored of shrunken samples with both sets exchanged."""
    return {
        "real": (_towards_mean(0.5, material, material.train), material.train_labels),
        **_fake(material.samples, _labels(material)),
    }


def _shifted_pixels(material: RealSamples, samples: Samples) -> Samples:
    shift = max(1, round(samples.shape[-1] / 28))
    return np.concatenate([samples[..., :1].repeat(shift, axis=-1), samples[..., :-shift]], axis=-1)


def _blurred(material: RealSamples, samples: Samples) -> Samples:
    from scipy.ndimage import gaussian_filter

    deviation = max(0.7, samples.shape[-1] / 28)
    return material.like(gaussian_filter(samples.astype(np.float64), (0, 0, deviation, deviation)))


def _compressed(material: RealSamples, samples: Samples) -> Samples:
    from PIL import Image

    parts = []
    for sample in samples:
        grey = sample.shape[0] == 1
        file = io.BytesIO()
        Image.fromarray(sample[0] if grey else np.moveaxis(sample, 0, -1)).save(file, "JPEG", quality=5)
        pixels = np.asarray(Image.open(file))
        parts.append(pixels[None] if grey else np.moveaxis(pixels, -1, 0))
    return np.stack(parts)


def _columns_apart(material: RealSamples, samples: Samples) -> Samples:
    return material.rng.permuted(samples, axis=0)


FAULTS = (
    Fault("noise", "nothing but uniform noise", partial(_noise, 1.0)),
    Fault("half noise", "half of the samples are noise", partial(_noise, 0.5)),
    Fault("noise mixed in", "a tenth of the samples are noise", partial(_noise, 0.1)),
    Fault("constant", "every sample is the mean of the training data", _constant),
    Fault("one sample", "one real sample over and over, with noise of a hundredth", partial(_repeated, 0, 0.01)),
    Fault("one mode", "one class only", partial(_without, lambda classes: 1), classes=2),
    Fault(
        "half the modes", "half of the classes are missing", partial(_without, lambda classes: classes // 2), classes=4
    ),
    Fault("dropped mode", "one class is missing", partial(_without, lambda classes: classes - 1), classes=3),
    Fault("duplicates", "each sample ten times", partial(_repeated, 10, 0.0)),
    Fault("copies", "every sample is a training row", partial(_copies, 1.0, 0.0)),
    Fault("near copies", "every sample is a training row with noise of a hundredth", partial(_copies, 1.0, 0.01)),
    Fault("some copies", "a tenth of the samples are training rows", partial(_copies, 0.1, 0.0)),
    Fault("wrong labels", "samples as they should be, classes permuted", _wrong_labels, classes=2),
    Fault("hub", "noise, and one sample that is the mean of the training data", _hub),
    Fault("outlier", "noise, and one reference sample far from all others", _outlier),
    Fault("swapped", "the reference half way to its mean, samples as they should be: both sets exchanged", _swapped),
    Fault("shrunk", "every sample half way to the mean", _changed(partial(_towards_mean, 0.5))),
    Fault("spread", "every sample half as far again from the mean", _changed(partial(_towards_mean, 1.5))),
    Fault("blur", "a Gaussian blur of a 28th of the width, .7 pixels at least", _changed(_blurred), ("image",)),
    Fault("jpeg", "compressed as JPEG of quality 5", _changed(_compressed), ("image",)),
    Fault("grain", "noise of a tenth on every pixel", _changed(lambda one, x: one.jittered(x, 0.1)), ("image",)),
    Fault("brightness", "40 levels brighter", _changed(lambda one, x: one.like(x + 40.0)), ("image",)),
    Fault("contrast", "half the contrast", _changed(lambda one, x: one.like(64 + x / 2)), ("image",)),
    Fault("translation", "moved by a 28th of the width, a pixel at least", _changed(_shifted_pixels), ("image",)),
    Fault("upside down", "every picture upside down", _changed(lambda one, x: x[..., ::-1, :].copy()), ("image",)),
    Fault(
        "shift",
        "half a deviation added to every column",
        _changed(lambda one, x: one.like(x + one.scale / 2)),
        ("tabular",),
    ),
    Fault(
        "one column", "three deviations added to one column", _changed(lambda one, x: _one_column(one, x)), ("tabular",)
    ),
    Fault("columns apart", "every column permuted: no correlations", _changed(_columns_apart), ("tabular",)),
    Fault(
        "rounded",
        "every value rounded to a whole deviation",
        _changed(lambda one, x: one.like((x / one.scale).round() * one.scale)),
        ("tabular",),
    ),
)
"""Every fault, the coarse ones first."""


def _one_column(material: RealSamples, samples: Samples) -> Samples:
    changed = samples.astype(np.float64)
    changed[:, 0] += 3 * material.scale[0]
    return material.like(changed)
