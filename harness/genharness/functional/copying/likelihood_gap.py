"""The generalisation gap of FLD: are training rows likelier than held-out ones under Gaussians around the fakes?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, as_features, check_same_width
from genharness.functional.parallel import full_precision

__all__ = ["LikelihoodGap", "likelihood_gap"]

_RATE = 0.5
_EPOCHS = 50
_STILL = 5e-4  # of the last five losses: below, the fit is at its end
_WIDEST = 40.0
_TILE = 2**22  # pairs at a time


@dataclass(frozen=True, slots=True)
class LikelihoodGap:
    """How much likelier training rows are than held-out ones under Gaussians around the fakes.

    Attributes:
        gap: 100 (NLL of train - NLL of test) / d, in hundredths of a nat a column: far below 0 for copies.
        train: Negative log-likelihood of the training rows over d.
        test: That of the held-out rows.
    """

    gap: float
    train: float
    test: float


def likelihood_gap(train: ArrayLike, test: ArrayLike, fake: ArrayLike) -> LikelihoodGap:
    """Return the generalisation gap of Jiralerspong et al. (2023), "Feature Likelihood Divergence", section 3.

    All sets are divided by the test rows' deviations. Around each fake y_j stands a Gaussian of its own variance v_j,

        p(x) = 1/M sum_j N(x; y_j, v_j I),

    whose variances are fitted to the training rows by Adam: a fake that equals a training row gets a small one, so that
    training rows are much likelier than held-out ones. While it is fitted, a further Gaussian at the mean of the
    training rows takes what is far from every fake. Without copies the gap is near 0 in many dimensions and far below
    it in few: read it beside that of real samples. The divergence itself is not given: it prefers fakes that shrink
    towards the middle of the data to real samples.

    Args:
        train: Features of what the generator was trained on, `(n, d)`.
        test: Features of data from the same source that it has not seen, `(l, d)`, l at least 2.
        fake: Features of generated samples, `(m, d)`.

    Raises:
        ValueError: An argument is not a matrix, empty or not finite, they differ in columns or device, or no column
            of `test` varies.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> train, test, fake = rng.normal(size=(3, 200, 16))
        >>> abs(likelihood_gap(train, test, fake).gap) < 5, likelihood_gap(train, test, fake=train + 0.01).gap < -100
        (True, True)
    """
    known, held_out, made = (as_features(one, name) for one, name in ((train, "train"), (test, "test"), (fake, "fake")))
    check_same_width(known, "train", held_out, "test")
    check_same_width(known, "train", made, "fake")
    with full_precision(known.device):
        known, held_out, made = _standardised(known.double(), held_out.double(), made.double())
        mixture = _Mixture.fitted(known, made)
        of_train, of_test = (mixture.loss(_squares(rows, made)) for rows in (known, held_out))
    return LikelihoodGap(100 * (of_train - of_test), of_train, of_test)


def _standardised(train: Tensor, test: Tensor, fake: Tensor) -> list[Tensor]:
    """Return the columns that vary among the test rows, in units of their deviations there."""
    if len(test) < 2:
        raise NotDefinedError("test must have at least 2 rows, not 1: all sets are divided by its deviations")
    scale = test.std(dim=0)
    varies = scale > 0
    if not varies.any():
        raise NotDefinedError("no column of test varies: all sets are divided by its deviations")
    return [((rows - test.mean(dim=0)) / scale)[:, varies] for rows in (train, test, fake)]


def _squares(rows: Tensor, centres: Tensor) -> Tensor:
    """Return squared distances `(n, m)` in float32, computed in float64 a tile at a time."""
    found = torch.empty(len(rows), len(centres), dtype=torch.float32, device=rows.device)
    lengths = centres.square().sum(dim=1)
    rounding = 4 * rows.shape[1] * torch.finfo(rows.dtype).eps
    for start in range(0, len(rows), step := max(1, _TILE // len(centres))):
        some = rows[start : start + step]
        sizes = some.square().sum(dim=1)[:, None] + lengths
        squares = sizes - 2 * (some @ centres.T)
        squares[squares <= rounding * sizes] = 0  # of copies: narrow Gaussians tell 1e-14 from nothing
        found[start : start + step] = squares
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Mixture:
    """Gaussians of equal weight.

    Attributes:
        log_variances: Float64 `(m,)`.
        width: Number of columns.
    """

    log_variances: Tensor
    width: int

    @classmethod
    def fitted(cls, rows: Tensor, centres: Tensor) -> _Mixture:
        """Fit the variances to rows."""
        width = rows.shape[1]
        from_mean = 0.81 * (rows - rows.mean(dim=0)).square().sum(dim=1, keepdim=True)
        squares = torch.cat([_squares(rows, centres), from_mean.float()], dim=1)
        log_weights = torch.full((len(centres) + 1,), -math.log(len(centres)), dtype=torch.float64, device=rows.device)
        log_weights[-1] = 0.0
        log_variances = ((squares.amin(dim=0).double() + 1e-3) / width).log()
        optimiser, losses = torch.optim.Adam([log_variances], lr=_RATE), list[float]()
        for epoch in range(_EPOCHS):
            loss, log_variances.grad = _loss_and_gradient(squares, log_variances, log_weights, width)
            optimiser.step()
            log_variances.clamp_(-_WIDEST, _WIDEST)
            losses.append(loss)
            if epoch > 5 and max(losses[-5:]) - min(losses[-5:]) < _STILL:
                break
        return cls(log_variances[:-1], width)

    def loss(self, squares: Tensor) -> float:
        """Return the mean negative log-likelihood over d of rows, given their squared distances to the centres."""
        log_weights = torch.full_like(self.log_variances, -math.log(squares.shape[1]))
        return _loss_and_gradient(squares, self.log_variances, log_weights, self.width)[0]


def _loss_and_gradient(squares: Tensor, log_variances: Tensor, log_weights: Tensor, width: int) -> tuple[float, Tensor]:
    """Return the mean negative log-likelihood over d, and its derivative by the log-variances."""
    constants = (log_weights - 0.5 * width * (log_variances + math.log(2 * math.pi))).float()
    halves = (0.5 * (-log_variances).exp()).float()
    total, gradient = 0.0, torch.zeros_like(log_variances)
    for tile in squares.split(max(1, _TILE // squares.shape[1])):
        log_p = constants - tile * halves  # of each row under each Gaussian, weighted
        top = log_p.amax(dim=1, keepdim=True)
        shares = (log_p - top).exp_()
        sums = shares.sum(dim=1, keepdim=True)
        total -= float((top.double() + sums.double().log()).sum())
        shares /= sums
        gradient += 0.5 * width * shares.sum(dim=0).double() - (shares.mul_(tile).sum(dim=0) * halves).double()
    scale = 1 / (len(squares) * width)
    return total * scale, gradient * scale
