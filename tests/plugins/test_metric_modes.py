from types import SimpleNamespace

import numpy as np
import pytest

from genharness import ConfigError, NoOptions
from genharness_metric_modes.modes import ClassAccuracy

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
    assert errors == {"class_accuracy": pytest.approx((0.6 * 0.4 / 5) ** 0.5)}


def test_without_classes_to_ask_for_there_is_no_class_accuracy():
    with pytest.raises(ConfigError, match="--labels"):
        accuracy(None)
