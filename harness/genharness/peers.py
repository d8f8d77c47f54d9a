"""Scores by independent reference libraries, each imported only when it is asked.

Every function takes what a metric was computed from, and returns the library's number and how far ours may be
from it. The libraries get float64, so that what is compared is the method, not the rounding.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import DataError
from genharness.kit.evaluation import SampleSet
from genharness.measure import SampleEvaluation

__all__ = ["PEERS", "Peer", "Theirs"]

Options = Mapping[str, Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Theirs:
    """A library's number, and how far another correct implementation may be from it."""

    value: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class Peer:
    """A library that can recompute a metric.

    Attributes:
        metric: Name of the metric.
        library: Name of the distribution, as it is installed.
        compute: Gives its numbers by column key; raises ImportError where the library is missing, and ValueError or
            DataError, with the reason, where the library cannot compute this.
    """

    metric: str
    library: str
    compute: Callable[[SampleEvaluation, Options], Mapping[str, Theirs]]


def _near(value: float, scale: float = 0.0, relative: float = 1e-4) -> Theirs:
    """Allow a relative difference, and a millionth of the size of what cancels out in the score."""
    return Theirs(value, relative * abs(value) + 1e-6 * scale + 1e-9)


def _features(evaluation: SampleEvaluation, which: SampleSet) -> Floats:
    return evaluation.features(which).astype(np.float64)


def _moments(evaluation: SampleEvaluation, which: SampleSet) -> tuple[Floats, Floats]:
    """Return mean and covariance by numpy; those that were given, where there are no samples."""
    try:
        features = _features(evaluation, which)
    except DataError:
        given = evaluation.statistics("real" if which == "real" else "fake")
        return given.mean, given.covariance
    return features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))


def _spread(*moments: tuple[Floats, Floats]) -> float:
    return float(sum(np.trace(covariance) for _, covariance in moments))


def _fid_by_torch_fidelity(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    from torch_fidelity import metric_fid

    real, fake = _moments(evaluation, "real"), _moments(evaluation, "fake")
    stats = [{"mu": mean, "sigma": covariance} for mean, covariance in (fake, real)]
    found = metric_fid.fid_statistics_to_metric(*stats, False)[metric_fid.KEY_METRIC_FID]
    return {"fid": _near(float(found), _spread(real, fake))}


def _fid_by_pytorch_fid(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    from pytorch_fid.fid_score import calculate_frechet_distance

    real, fake = _moments(evaluation, "real"), _moments(evaluation, "fake")
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # it takes roots of singular matrices, by an argument that SciPy deprecates
        try:
            found = calculate_frechet_distance(*fake, *real)
        except TypeError as error:  # SciPy 1.18 has removed sqrtm(disp=...)
            raise ValueError(f"pytorch-fid does not run on this SciPy ({error})") from error
    return {"fid": _near(float(found), _spread(real, fake))}


def _kid_by_torch_fidelity(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    import torch
    from torch_fidelity import metric_kid

    real, fake = _features(evaluation, "real"), _features(evaluation, "fake")
    found = metric_kid.kid_features_to_metric(
        torch.from_numpy(fake),  # its first input is the generated set
        torch.from_numpy(real),
        kid_subsets=options["subsets"],
        kid_subset_size=min(options["subset_size"], len(real), len(fake)),
        kid_kernel="poly",
        kid_kernel_poly_degree=3,
        kid_kernel_poly_gamma=None,
        kid_kernel_poly_coef0=1,
        rng_seed=evaluation.seed,
        verbose=False,
    )
    scale = float(np.mean((np.square(real).mean(axis=1) + 1) ** 3))
    keys = {"kid": metric_kid.KEY_METRIC_KID_MEAN, "kid_std": metric_kid.KEY_METRIC_KID_STD}
    return {key: _near(float(found[theirs]), scale) for key, theirs in keys.items()}


def _inception_score_by_torch_fidelity(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    import torch
    from torch_fidelity import metric_isc

    logits = evaluation.extracted("fake").logits
    if logits is None:
        raise ValueError(f"extractor {evaluation.extractor} gives no class logits")
    splits = min(options["splits"], len(logits))
    found = metric_isc.isc_features_to_metric(torch.from_numpy(logits).double(), splits, True, 2020)
    name = "is" if evaluation.extractor == "inception" else "classifier_score"
    mean, std = found[metric_isc.KEY_METRIC_ISC_MEAN], found[metric_isc.KEY_METRIC_ISC_STD]
    return {name: _near(mean), f"{name}_std": _near(std, mean)}


def _prdc_by_prdc(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    import prdc

    if options["convention"] != "naeem":
        raise ValueError("prdc knows the convention naeem only")
    real, fake = _features(evaluation, "real"), _features(evaluation, "fake")
    if 0 < options["count"] < len(real):
        chosen = np.random.default_rng([evaluation.seed, 31]).choice(len(real), options["count"], replace=False)
        real = real[np.sort(chosen)]
    with contextlib.redirect_stdout(io.StringIO()):
        found = prdc.compute_prdc(real, fake, options["k"])
    one = 1 / min(len(real), len(fake))  # a distance that equals a radius may fall either way in its last bit
    return {key: Theirs(float(value), one) for key, value in found.items()}


def _pairs_by_torchmetrics(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    import torch
    from torchmetrics.functional.image import structural_similarity_index_measure

    from genharness.kit.pairs import random_pairs

    found = {}
    for key, images in (("pair_ssim", evaluation.fake_images()), ("pair_ssim_real", evaluation.real_images())):
        if min(images.shape[2:]) <= 5:
            raise ValueError("torchmetrics needs images of more than 5 pixels a side")
        drawn = random_pairs(len(images), options["pairs"], np.random.default_rng(evaluation.seed))
        i, j = (torch.from_numpy(images[side]).double() / 255 for side in drawn)
        total = 0.0
        for a, b in zip(i.split(64), j.split(64), strict=True):
            mean = structural_similarity_index_measure(a, b, data_range=1.0)
            assert isinstance(mean, torch.Tensor)  # a pair only where maps are asked for
            total += float(mean) * len(a)
        found[key] = _near(total / len(i), 10)
    return found


def _vendi_by_vendi_score(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    from vendi_score import vendi

    features = _features(evaluation, "fake")[: options["count"]]
    return {"vendi": _near(float(vendi.score_dual(features, normalize=True)), relative=1e-3)}


PEERS = (
    Peer("fid", "torch-fidelity", _fid_by_torch_fidelity),
    Peer("fid", "pytorch-fid", _fid_by_pytorch_fid),
    Peer("kid", "torch-fidelity", _kid_by_torch_fidelity),
    Peer("is", "torch-fidelity", _inception_score_by_torch_fidelity),
    Peer("prdc", "prdc", _prdc_by_prdc),
    Peer("pair-ssim", "torchmetrics", _pairs_by_torchmetrics),
    Peer("vendi", "vendi-score", _vendi_by_vendi_score),
)
"""What can recompute what. Other metrics have no independent implementation on the package index."""
