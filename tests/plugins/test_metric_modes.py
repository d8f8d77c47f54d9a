from types import SimpleNamespace

import numpy as np
import pytest

from genharness import ConfigError, NoOptions
from genharness.kit.sampling_errors import share_error
from genharness_metric_modes import ModesConfig
from genharness_metric_modes.modes import ClassAccuracy, Modes

SEEN = np.array([0, 1, 2, 2, 1])


def accuracy(asked, errors=None):
    evaluation = SimpleNamespace(
        posteriors=lambda _which: np.eye(3)[SEEN],
        labels=lambda _which: asked,
        state_error=({} if errors is None else errors).__setitem__,
    )
    return ClassAccuracy(NoOptions()).compute(evaluation)["class_accuracy"]


@pytest.mark.parametrize(("asked", "share"), [(SEEN, 1.0), ((SEEN + 1) % 3, 0.0), (np.array([0, 1, 2, 0, 0]), 0.6)])
def test_class_accuracy_is_the_share_seen_as_the_class_asked_for(asked, share):
    assert accuracy(asked) == share


def test_class_accuracy_has_the_error_of_a_share():
    errors = {}
    accuracy(np.array([0, 1, 2, 0, 0]), errors)
    assert errors == {"class_accuracy": share_error(0.6, 5)}


def test_without_classes_to_ask_for_there_is_no_class_accuracy():
    with pytest.raises(ConfigError, match="--labels"):
        accuracy(None)


def modes(fake, errors):
    sets = {"real": np.eye(4)[np.arange(400) % 4], "fake": np.eye(4)[fake]}
    evaluation = SimpleNamespace(
        posteriors=sets.__getitem__, state_error=lambda key, error: errors.__setitem__(key, error())
    )
    return Modes(ModesConfig()).compute(evaluation)


def test_a_mode_that_hangs_on_few_samples_has_an_error_and_one_that_is_full_has_none():
    errors = {}
    assert modes(np.arange(400) % 4, errors)["modes_covered"] == 4
    assert errors["modes_covered"] == 0
    assert errors["mode_tv"] > 0
    few = np.repeat([0, 1, 2, 3], [130, 130, 130, 10])  # at a tenth of its real share of 100
    modes(few, errors)
    assert errors["modes_covered"] > 0.2
