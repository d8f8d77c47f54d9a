"""Markers: told apart by everybody, the same for a model everywhere."""

from itertools import combinations

import numpy as np
import pytest

from genharness.figures.markers import BUILT_IN, DARK, LIGHT, SHAPES, markers_of
from genharness.plugin.registry import load_registry

# Machado, Oliveira and Fernandes 2009, table 1, severity 1.0: on linear RGB.
SEEN = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def linear(hue):
    value = np.array([int(hue[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def oklab(rgb):
    """Return OKLab of linear RGB (Ottosson 2020)."""
    to_lms = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566]]
    to_lms.append([0.0883024619, 0.2817188376, 0.6299787005])
    lms = np.cbrt(np.array(to_lms) @ rgb)
    to_lab = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099]]
    to_lab.append([0.0259040371, 0.7827717662, -0.8086757660])
    return np.array(to_lab) @ lms


def smallest_distance(hues, eyes=tuple(SEEN)):
    seen = [[oklab(np.clip(SEEN[eye] @ linear(hue), 0, 1)) for hue in hues] for eye in eyes]
    return min(float(np.linalg.norm(a - b)) for colours in seen for a, b in combinations(colours, 2))


def contrast(hue, ground):
    a, b = sorted(float(np.array([0.2126, 0.7152, 0.0722]) @ linear(one)) for one in (hue, ground))
    return (b + 0.05) / (a + 0.05)


@pytest.mark.parametrize("hues", [LIGHT, DARK])
def test_any_two_hues_are_told_apart_by_every_eye(hues):
    assert smallest_distance(hues, ("normal", "protanopia", "deuteranopia")) >= 0.11
    assert smallest_distance(hues) >= 0.085  # tritanopia: about one in ten thousand


def test_the_usual_eight_colours_are_not_as_far_apart():
    okabe_ito = ["#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"]
    assert smallest_distance(okabe_ito) < 0.085


def test_hues_are_seen_on_their_ground():
    assert min(contrast(hue, "#ffffff") for hue in LIGHT) >= 3.05
    assert min(contrast(hue, "#14171c") for hue in DARK) >= 4


def test_no_two_built_in_models_share_a_marker():
    assert len(set(BUILT_IN.values())) == len(BUILT_IN)
    assert BUILT_IN.keys() <= load_registry().models.keys()


def test_new_models_take_what_is_free_and_keep_it_when_others_come():
    first = markers_of(["vae", "mine"], ["real"])
    kept = {"mine": (first["mine"].colour, SHAPES.index(first["mine"].shape))}
    later = markers_of(["yours", "mine", "vae"], ["real"], kept)
    assert later["mine"] == first["mine"]
    assert later["yours"] not in (first["mine"], *BUILT_IN.values())
    assert later["real"].colour is None


def test_a_built_in_model_keeps_its_marker_whatever_a_file_says():
    assert markers_of(["vae"], (), {"vae": (0, 0), "x": (99, 0), "y": "?"})["vae"] == BUILT_IN["vae"]


def test_seventy_models_have_a_marker_each_some_share():
    found = markers_of([f"m{place}" for place in range(70)])
    assert len(found) == 70
    free = len(LIGHT) * len(SHAPES) - len({one for one in BUILT_IN.values() if one.colour is not None})
    assert len(set(found.values())) >= free
