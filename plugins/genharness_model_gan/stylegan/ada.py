"""Adaptive discriminator augmentation: Karras et al. 2020 (arXiv:2006.06676), section 3 and appendix B.

Both kinds of images pass through random transformations, each with probability p, on their way to the discriminator. p
rises while the discriminator is too sure of real images, and falls again.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genharness.kit.precision import no_autocast

__all__ = ["ADAController", "ada_augment", "colours", "placements"]

INTERVAL = 4
"""Training steps between two changes of p."""

_DOUBLING = math.log(2)


class ADAController(nn.Module):
    """p, and what it is steered by; both are buffers, so that a checkpoint holds them.

    Args:
        target: E[sign D(x)] of real images that p is steered to: above it the discriminator is too sure.
        kimg: Thousands of real images in which p would go from 0 to 1.
    """

    p: Tensor
    signs: Tensor

    def __init__(self, target: float, kimg: float) -> None:
        super().__init__()
        self.target, self.images = target, 1000 * kimg
        self.register_buffer("p", torch.zeros(()))
        self.register_buffer("signs", torch.zeros(()))

    @torch.no_grad()
    def observe(self, logits: Tensor, step: int) -> None:
        """Take in logits of real images `(n, 1)`, and move p every fourth step."""
        self.signs += logits.float().sign().mean() / INTERVAL
        if step % INTERVAL == INTERVAL - 1:
            change = INTERVAL * len(logits) / self.images
            self.p.copy_((self.p + change * (self.signs - self.target).sign()).clamp(0, 1))
            self.signs.zero_()


def ada_augment(images: Tensor, p: Tensor, *, colour: bool) -> Tensor:
    """Return images each changed at random with probability p a transformation; with p = 0 the very same values.

    Args:
        images: `(n, c, h, w)` in [-1, 1], square.
        p: Probability, a tensor without dimensions.
        colour: Whether colours change, not places only.
    """
    with no_autocast(images.device):
        images = images.float()
        theta, moved = placements(len(images), p, images.shape[3])
        images = torch.where(moved[:, None, None, None], _placed(images, theta), images)
        return _coloured(images, p) if colour else images


def _placed(images: Tensor, theta: Tensor) -> Tensor:
    """Return images drawn anew where `theta` `(n, 2, 3)` says, at twice the side, reflected beyond their edges."""
    twice = F.interpolate(images, scale_factor=2, mode="bilinear", align_corners=False)
    grid = F.affine_grid(theta, list(twice.shape), align_corners=False)
    drawn = F.grid_sample(twice, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return F.avg_pool2d(drawn, 2)


def placements(n: int, p: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Return n maps `(n, 2, 3)` from places of the output to places of the input, and which of them move anything.

    Flip, quarter turns, whole-pixel shift, scale, rotation, stretch, rotation, shift, in the order of appendix B, with
    the distributions given there; these are symmetric, so that the inverse of each map is as likely as itself.

    Args:
        n: How many.
        p: Probability of each; of the two rotations together, too.
        side: Of the images in pixels.
    """
    device = p.device
    zero, one = torch.zeros(n, device=device), torch.ones(n, device=device)
    turn_p = 1 - (1 - p).clamp(min=0).sqrt()  # so that either of two rotations happens with probability p
    flip = 1 - 2 * torch.randint(0, 2, (n,), device=device).float()
    quarter = torch.randint(0, 4, (n,), device=device).float() * (math.pi / 2)
    pixels = (_between(n, -0.125, 0.125, device, 2) * side).round() * (2 / side)
    scale, stretch = ((_normal(n, device) * 0.2 * _DOUBLING).exp() for _ in range(2))
    before, after = (_rotation(_between(n, -math.pi, math.pi, device)) for _ in range(2))
    steps = [
        (p, _affine(flip, zero, zero, one)),
        (p, _rotation(quarter)),
        (p, _affine(one, zero, zero, one, pixels[0], pixels[1])),
        (p, _affine(scale, zero, zero, scale)),
        (turn_p, before),
        (p, _affine(stretch, zero, zero, 1 / stretch)),
        (turn_p, after),
        (p, _affine(one, zero, zero, one, 0.25 * _normal(n, device), 0.25 * _normal(n, device))),
    ]
    whole, moved = torch.eye(3, device=device).expand(n, 3, 3), torch.zeros(n, dtype=torch.bool, device=device)
    for probability, matrix in steps:
        active = _chosen(n, probability)
        whole = torch.where(active[:, None, None], whole @ matrix, whole)
        moved = moved | active
    return whole[:, :2], moved


def _coloured(images: Tensor, p: Tensor) -> Tensor:
    n, channels = images.shape[:2]
    matrix, changed = colours(n, p, luma_only=channels == 1)
    if channels == 1:  # a grey image is three equal channels, of which the mean is kept
        matrix = matrix[:, :3].mean(1, keepdim=True)
        matrix = torch.cat((matrix[:, :, :3].sum(2, keepdim=True), matrix[:, :, 3:]), dim=2)
    mixed = torch.einsum("nij,njhw->nihw", matrix[:, :channels, :-1], images) + matrix[:, :channels, -1:, None]
    return torch.where(changed[:, None, None, None], mixed, images)


def colours(n: int, p: Tensor, *, luma_only: bool = False) -> tuple[Tensor, Tensor]:
    """Return n maps `(n, 4, 4)` of colours (r, g, b, 1), and which of them change anything.

    Brightness, contrast, and for images in colour a flip of luma, a turn of the hue and a scale of saturation.

    Args:
        n: How many.
        p: Probability of each.
        luma_only: Leave out what a grey image has not.
    """
    device = p.device
    eye = torch.eye(4, device=device)
    grey = torch.zeros(4, 4, device=device)
    grey[:3, :3] = 1 / 3  # projection on the luma axis v = (1, 1, 1) / sqrt 3
    corner = torch.zeros(4, 4, device=device)
    corner[3, 3] = 1
    last = F.pad(torch.ones(3, 1, device=device), (3, 0, 0, 1))  # adds to r, g and b
    brightness = 0.2 * _normal(n, device)[:, None, None]
    contrast = (_normal(n, device) * 0.5 * _DOUBLING).exp()[:, None, None]
    steps = [eye + brightness * last, contrast * (eye - corner) + corner]
    if not luma_only:
        flip = torch.randint(0, 2, (n,), device=device).float()[:, None, None]
        saturation = (_normal(n, device) * _DOUBLING).exp()[:, None, None]
        hue = _hue_turn(_between(n, -math.pi, math.pi, device), eye, grey, corner)
        steps += [eye - 2 * flip * grey, hue, grey + corner + saturation * (eye - corner - grey)]
    whole, changed = eye.expand(n, 4, 4), torch.zeros(n, dtype=torch.bool, device=device)
    for matrix in steps:
        active = _chosen(n, p)
        whole = torch.where(active[:, None, None], matrix @ whole, whole)
        changed = changed | active
    return whole, changed


def _hue_turn(angle: Tensor, eye: Tensor, grey: Tensor, corner: Tensor) -> Tensor:
    """Return rotations `(n, 4, 4)` about the luma axis (Rodrigues' formula)."""
    cross = torch.zeros(4, 4, device=eye.device)
    for row, column, sign in ((0, 1, -1), (0, 2, 1), (1, 0, 1), (1, 2, -1), (2, 0, -1), (2, 1, 1)):
        cross[row, column] = sign / math.sqrt(3)
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    return corner + cos * (eye - corner) + sin * cross + (1 - cos) * grey


def _rotation(angle: Tensor) -> Tensor:
    return _affine(angle.cos(), -angle.sin(), angle.sin(), angle.cos())


def _affine(a: Tensor, b: Tensor, c: Tensor, d: Tensor, x: Tensor | None = None, y: Tensor | None = None) -> Tensor:
    """Return `(n, 3, 3)`: rows (a, b, x), (c, d, y), (0, 0, 1)."""
    zero, one = torch.zeros_like(a), torch.ones_like(a)
    entries = (a, b, zero if x is None else x, c, d, zero if y is None else y, zero, zero, one)
    matrices: Tensor = torch.stack(entries, dim=1).unflatten(1, (3, 3))
    return matrices


def _chosen(n: int, p: Tensor) -> Tensor:
    chosen: Tensor = torch.rand(n, device=p.device) < p
    return chosen


def _between(n: int, low: float, high: float, device: torch.device, rows: int = 0) -> Tensor:
    shape = (rows, n) if rows else (n,)
    return torch.rand(shape, device=device) * (high - low) + low


def _normal(n: int, device: torch.device) -> Tensor:
    return torch.randn(n, device=device)
