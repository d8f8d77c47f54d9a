"""Metrics of features by independent libraries, in float64: what is compared is the method, not the rounding."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from genharness.errors import DataError
from genharness.kit.equal_counts import draw_of, equal_draws
from genharness.kit.evaluation import SampleSet
from genharness.measure.evaluation import SampleEvaluation
from genharness.verify.base import Options, Peer, Theirs, near

__all__ = ["FEATURE_PEERS"]

Floats = NDArray[np.float64]
Moments = tuple[Floats, Floats]
"""Mean and covariance."""
MomentDistance = Callable[[Moments, Moments], Theirs]
"""Of the real and the fake moments."""


def _features(evaluation: SampleEvaluation, which: SampleSet) -> Floats:
    return evaluation.features(which).astype(np.float64)


def _moments(evaluation: SampleEvaluation, which: SampleSet) -> Moments:
    """Return mean and covariance by numpy; those that were given, where there are no samples."""
    try:
        features = _features(evaluation, which)
    except DataError:
        given = evaluation.statistics("real" if which == "real" else "fake")
        return given.mean, given.covariance
    return _moments_of(features)


def _moments_of(features: Floats) -> Moments:
    return features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))


def _spread(*moments: Moments) -> float:
    return float(sum(np.trace(covariance) for _, covariance in moments))


def _frechet_by_torch_fidelity(real: Moments, fake: Moments) -> Theirs:
    from torch_fidelity import metric_fid

    stats = [{"mu": mean, "sigma": covariance} for mean, covariance in (fake, real)]
    found = metric_fid.fid_statistics_to_metric(*stats, False)[metric_fid.KEY_METRIC_FID]
    return near(float(found), _spread(real, fake))


def _frechet_by_root(library: str, load: Callable[[], Callable[..., float]], real: Moments, fake: Moments) -> Theirs:
    distance = load()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # it takes roots of singular matrices, by an argument that SciPy deprecates
        try:
            found = distance(*fake, *real)
        except TypeError as error:  # SciPy 1.18 has removed sqrtm(disp=...)
            raise ValueError(f"{library} does not run on this SciPy ({error})") from error
    return near(float(found), _spread(real, fake))


def _of_pytorch_fid() -> Callable[..., float]:
    from pytorch_fid.fid_score import calculate_frechet_distance

    return calculate_frechet_distance  # type: ignore[no-any-return]  # ships no types


def _of_clean_fid() -> Callable[..., float]:
    from cleanfid.fid import frechet_distance

    return frechet_distance  # type: ignore[no-any-return]  # ships no types


_frechet_by_pytorch_fid = partial(_frechet_by_root, "pytorch-fid", _of_pytorch_fid)
_frechet_by_clean_fid = partial(_frechet_by_root, "clean-fid", _of_clean_fid)


def _fid_by_torchmetrics(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    import torch
    from torchmetrics.image.fid import FrechetInceptionDistance

    class Given(torch.nn.Module):
        """Features for features: what it extracts has been extracted."""

        def __init__(self, dimensions: int) -> None:
            super().__init__()
            self.num_features = dimensions

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            return features

    sets: tuple[SampleSet, SampleSet] = ("real", "fake")
    real, fake = (_features(evaluation, which) for which in sets)
    metric = FrechetInceptionDistance(feature=Given(real.shape[1])).set_dtype(torch.float64)
    metric.update(torch.from_numpy(real), real=True)
    metric.update(torch.from_numpy(fake), real=False)
    return {"fid": near(float(metric.compute()), _spread(_moments_of(real), _moments_of(fake)))}


def _fid(distance: MomentDistance, evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    return {"fid": distance(_moments(evaluation, "real"), _moments(evaluation, "fake"))}


def _fd_over(
    extractor: str, key: str, distance: MomentDistance, evaluation: SampleEvaluation, options: Options
) -> Mapping[str, Theirs]:
    sets: tuple[SampleSet, SampleSet] = ("real", "fake")
    real, fake = (evaluation.extracted(which, extractor).features.astype(np.float64) for which in sets)
    return {key: distance(_moments_of(real), _moments_of(fake))}


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
    keys = {"kid": metric_kid.KEY_METRIC_KID_MEAN}
    if not len(real) == len(fake) <= options["subset_size"]:  # of equal subsets there is no deviation but of rounding
        keys["kid_std"] = metric_kid.KEY_METRIC_KID_STD
    return {key: near(float(found[theirs]), scale) for key, theirs in keys.items()}


def _kid_by_clean_fid(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    from cleanfid.fid import kernel_distance

    real, fake = _features(evaluation, "real"), _features(evaluation, "fake")
    if not len(real) == len(fake) <= options["subset_size"]:
        raise ValueError("it draws subsets of its own: only where a subset is all of both sets are they the same")
    found = kernel_distance(real, fake, num_subsets=1, max_subset_size=len(real))
    return {"kid": near(float(found), float(np.mean((np.square(real).mean(axis=1) + 1) ** 3)))}


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
    return {name: near(mean), f"{name}_std": near(std, mean)}


def _prdc_by_prdc(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    import prdc

    real, fake = _sets_of_prdc(evaluation, options)
    with contextlib.redirect_stdout(io.StringIO()):
        found = prdc.compute_prdc(real, fake, options["k"])
    return {key: Theirs(float(value), _one_of(real, fake)) for key, value in found.items()}


def _prdc_by_torch_fidelity(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    import torch
    from torch_fidelity import metric_prc

    real, fake = _sets_of_prdc(evaluation, options)
    found = metric_prc.prc_features_to_metric(
        torch.from_numpy(fake),  # its first input is the generated set
        torch.from_numpy(real),
        prc_neighborhood=options["k"],
        prc_batch_size=1000,
        save_cpu_ram=True,
        verbose=False,
    )
    one = _one_of(real, fake)
    return {
        "precision": Theirs(found[metric_prc.KEY_METRIC_PRECISION], one),
        "recall": Theirs(found[metric_prc.KEY_METRIC_RECALL], one),
        "f1": Theirs(found[metric_prc.KEY_METRIC_F_SCORE], 2 * one),
    }


def _sets_of_prdc(evaluation: SampleEvaluation, options: Options) -> tuple[Floats, Floats]:
    first, second = equal_draws(evaluation, options["count"])
    return first.of(_features(evaluation, "real")), second.of(_features(evaluation, "fake"))


def _one_of(real: Floats, fake: Floats) -> float:
    """Return the share of one sample: a distance that equals a radius may fall either way in its last bit.

    A little more, so that a difference of one sample is one after the shares are rounded, too.
    """
    return (1 + 1e-6) / min(len(real), len(fake))


def _vendi_by_vendi_score(evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    from vendi_score import vendi

    features = draw_of(evaluation, "fake", options["count"]).of(_features(evaluation, "fake"))
    return {"vendi": near(float(vendi.score_dual(features, normalize=True)), relative=1e-3)}


def _zero_rows(evaluation: SampleEvaluation, options: Options) -> str:
    zero = int((~_features(evaluation, "fake").any(axis=1)).sum())
    return f"vendi-score divides rows by their length, and {zero} of them are zero" if zero else ""


def _underflow(evaluation: SampleEvaluation, options: Options) -> str:
    logits = evaluation.extracted("fake").logits
    if logits is None:
        return ""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    never = int((np.exp(shifted) == 0).all(axis=0).sum())
    return (
        f"torch-fidelity takes the logarithm of 0 for {never} classes that no sample has any probability of"
        if never
        else ""
    )


def _ties(evaluation: SampleEvaluation, options: Options) -> str:
    """Say that distances equal radii, which libraries round each in its own way."""
    real, _ = _sets_of_prdc(evaluation, options)
    rows = real[:200]
    distances = np.sort(np.stack([np.square(real - row).sum(axis=1) for row in rows]), axis=1)
    k = options["k"]
    tied = np.isclose(distances[:, k], distances[:, k + 1], rtol=1e-12, atol=0).mean() if len(real) > k + 1 else 0.0
    return "distances tie exactly, and it decides ties by rounding errors" if tied > 0.01 else ""


FEATURE_PEERS = (
    Peer("fid", "torch-fidelity", partial(_fid, _frechet_by_torch_fidelity)),
    Peer("fid", "pytorch-fid", partial(_fid, _frechet_by_pytorch_fid)),
    Peer("fid", "clean-fid", partial(_fid, _frechet_by_clean_fid)),
    Peer("fid", "torchmetrics", _fid_by_torchmetrics),
    Peer("fd-dinov2", "torch-fidelity", partial(_fd_over, "dinov2", "fd_dinov2", _frechet_by_torch_fidelity)),
    Peer("fd-dinov2", "pytorch-fid", partial(_fd_over, "dinov2", "fd_dinov2", _frechet_by_pytorch_fid)),
    Peer("sfid", "torch-fidelity", partial(_fd_over, "inception-spatial", "sfid", _frechet_by_torch_fidelity)),
    Peer("sfid", "pytorch-fid", partial(_fd_over, "inception-spatial", "sfid", _frechet_by_pytorch_fid)),
    Peer("kid", "torch-fidelity", _kid_by_torch_fidelity),
    Peer("kid", "clean-fid", _kid_by_clean_fid),
    Peer("is", "torch-fidelity", _inception_score_by_torch_fidelity, limit=_underflow),
    Peer("prdc", "prdc", _prdc_by_prdc, lambda options: options["convention"] == "naeem", _ties),
    Peer(
        "prdc",
        "torch-fidelity",
        _prdc_by_torch_fidelity,
        lambda options: options["convention"] == "kynkaanniemi",
        _ties,
    ),
    Peer("vendi", "vendi-score", _vendi_by_vendi_score, limit=_zero_rows),
)
