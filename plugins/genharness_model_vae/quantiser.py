"""The codebook of a VQ-VAE, learnt by exponential moving averages."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genharness.kit.precision import no_autocast

__all__ = ["Codebook", "perplexity", "straight_through"]

SMOOTHING = 1e-5


class Codebook(nn.Module):
    """K vectors e of dimension D (van den Oord et al. 2017, arXiv:1711.00937, section 3 and appendix A.1).

    In its first training step it takes its vectors from the encoder's outputs, so that codes start where the data
    is. A vector that falls out of use is moved to a random output, as in Jukebox (Dhariwal et al. 2020,
    arXiv:2005.00341, section 3): the paper does without, and a short training then may use a handful of codes only.

    Args:
        codes: Number K of vectors.
        dimensions: D.
        decay: Gamma of the moving averages.
        restart: A vector is out of use when its count is below this fraction of the mean count; 0 moves none.

    Attributes:
        e: The vectors `(K, D)`.
        counts: Moving average N of how many outputs chose each `(K,)`.
        sums: Moving average m of the sum of those outputs `(K, D)`.
    """

    e: Tensor
    counts: Tensor
    sums: Tensor
    begun: Tensor

    def __init__(self, codes: int, dimensions: int, decay: float, restart: float = 0.0) -> None:
        super().__init__()
        self.decay = decay
        self.restart = restart
        self.register_buffer("e", torch.randn(codes, dimensions))
        self.register_buffer("counts", torch.ones(codes))
        self.register_buffer("sums", self.e.clone())
        self.register_buffer("begun", torch.tensor(False))

    def nearest(self, z: Tensor) -> Tensor:
        """Return the index of the nearest vector `(n,)` to each of `(n, D)`."""
        with no_autocast(z.device):  # neighbours in bfloat16 would be wrong ones
            distances = (self.e**2).sum(1) - 2 * z @ self.e.T  # up to |z|^2, which is the same for all
            return distances.argmin(dim=1)

    @torch.no_grad()
    def begin(self, z: Tensor) -> None:
        """Take the vectors from outputs `(n, D)`, the first time that it is called."""
        start = self._outputs(z)
        self.e.copy_(torch.where(self.begun, self.e, start))
        self.sums.copy_(torch.where(self.begun, self.sums, start * self.counts[:, None]))
        self.begun.fill_(True)

    @torch.no_grad()
    def update(self, z: Tensor, indices: Tensor) -> None:
        """Move every vector towards the mean of the outputs `(n, D)` that chose it (equations 6 to 8).

        Counts are smoothed towards uniform so that a vector that nothing chose stays where it is.
        """
        one_hot = F.one_hot(indices, len(self.e)).to(z)  # a product, not index_add: that is not repeatable on CUDA
        with no_autocast(z.device):
            sums = one_hot.T @ z
        self.counts.lerp_(one_hot.sum(0), 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        total = self.counts.sum()
        smoothed = (self.counts + SMOOTHING) / (total + len(self.e) * SMOOTHING) * total
        self.e.copy_(self.sums / smoothed[:, None])
        if self.restart > 0:
            self._move_unused(z)

    def _move_unused(self, z: Tensor) -> None:
        """Move every vector out of use to a random output, with a count that lets it live for a while."""
        least = self.restart * self.counts.mean()
        unused = self.counts < least
        self.e.copy_(torch.where(unused[:, None], self._outputs(z), self.e))
        self.counts.copy_(torch.where(unused, 2 * least, self.counts))
        self.sums.copy_(torch.where(unused[:, None], self.e * self.counts[:, None], self.sums))

    def _outputs(self, z: Tensor) -> Tensor:
        """Return K random outputs out of `(n, D)`, no two of them quite alike."""
        chosen = z[torch.randint(len(z), (len(self.e),), device=z.device)]
        return chosen + 1e-3 * z.std() * torch.randn_like(chosen)


def straight_through(z: Tensor, quantised: Tensor) -> Tensor:
    """Return `quantised`, with the gradient going to `z` as if nothing had happened between them."""
    return z + (quantised - z).detach()


def perplexity(indices: Tensor, codes: int) -> Tensor:
    """Return exp(entropy) of the codes in a batch: how many are in use, from 1 to `codes`."""
    ones = torch.ones(len(indices), device=indices.device)
    counts = torch.zeros(codes, device=indices.device).scatter_add_(0, indices, ones)  # bincount would wait on CUDA
    return torch.exp(torch.special.entr(counts / len(indices)).sum())
