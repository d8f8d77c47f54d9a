"""One colour and one shape a model: the same in every figure, page and release.

The eight hues were searched in OKLCH for the largest smallest distance in OKLab over normal vision and the simulated
deuteranopia, protanopia and tritanopia of Machado et al. 2009 (severity 1), with enough contrast on white and on dark.
`tests/figures/test_markers.py` measures both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["BUILT_IN", "DARK", "LIGHT", "REFERENCE_SHAPES", "SHAPES", "Marker", "markers_of"]

LIGHT = ("#044cb6", "#af4318", "#50a187", "#71326d", "#177f8e", "#b58629", "#8e1a2a", "#987efc")
"""Blue, vermilion, green, purple, teal, mustard, wine, violet, on white."""

DARK = ("#61a3e6", "#fc7d22", "#81c8a2", "#b9579c", "#5be3f9", "#e5cf4b", "#d64651", "#6f6de8")
"""The same on dark."""

SHAPES = ("circle", "square", "triangle", "diamond", "triangle-down", "plus", "pentagon", "star")

REFERENCE_SHAPES = {"real": "circle", "memoriser": "square", "gaussian": "plus", "noise": "cross"}
"""Outlines of reference rows; others are a diamond."""


@dataclass(frozen=True, slots=True)
class Marker:
    """How a model is drawn.

    Attributes:
        colour: Place in `LIGHT` and `DARK`; None for a reference row, which is grey.
        shape: One of `SHAPES`, or `cross`.
    """

    colour: int | None
    shape: str


def _table(rows: Mapping[str, tuple[int, int]]) -> dict[str, Marker]:
    return {name: Marker(colour, SHAPES[shape]) for name, (colour, shape) in rows.items()}


BUILT_IN = _table(
    {
        "dcgan": (0, 0),
        "deep-dcgan": (0, 3),
        "vae": (1, 1),
        "beta-vae": (1, 4),
        "wgan-gp": (2, 2),
        "sn-wgan-gp": (2, 5),
        "acgan": (3, 3),
        "vq-vae": (3, 6),
        "vae-gmm": (4, 4),
        "sngan": (4, 7),
        "ae": (5, 5),
        "gan": (6, 6),
        "wgan": (7, 7),
        "ddpm": (6, 0),
        "flow-matching": (5, 2),
        "edm": (7, 1),
        "sagan": (4, 2),
        "cgan-pd": (3, 0),
        "biggan-lite": (3, 7),
        "pggan": (0, 6),
        "stylegan2": (0, 7),
        "realnvp": (2, 1),
        "glow": (2, 6),
    }
)
"""Relatives share the hue and differ in shape."""


def markers_of(
    models: Iterable[str], references: Iterable[str] = (), recorded: Mapping[str, tuple[int, int]] | None = None
) -> dict[str, Marker]:
    """Return a marker for each model; those that have none of their own take the next free pair.

    Args:
        models: Names of trained models, in order of first appearance.
        references: Names of reference rows.
        recorded: Colour and shape of models that were drawn before.
    """
    found = {name: Marker(None, REFERENCE_SHAPES.get(name, "diamond")) for name in references}
    known = {**_table({name: pair for name, pair in (recorded or {}).items() if _is_pair(pair)}), **BUILT_IN}
    taken = set(known.values())
    free = iter(_pairs(taken))
    for name in models:
        if name not in found:
            found[name] = known.get(name) or next(free, Marker(len(found) % len(LIGHT), SHAPES[0]))
    return found


def _is_pair(pair: object) -> bool:
    if not isinstance(pair, (list, tuple)) or len(pair) != 2:
        return False
    return all(type(one) is int and 0 <= one < len(SHAPES) for one in pair)


def _pairs(taken: set[Marker]) -> Iterable[Marker]:
    """Yield the free pairs; hues that few have come first, since colour is seen before shape."""
    for step in range(len(SHAPES)):
        for colour in range(len(LIGHT)):
            marker = Marker(colour, SHAPES[(colour + step) % len(SHAPES)])
            if marker not in taken:
                yield marker
