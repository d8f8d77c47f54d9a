"""Classes that a model may learn: refused where there are none, a share of the labels withheld."""

from __future__ import annotations

import pytest
import torch

from genharness.errors import ConfigError
from genharness.kit.classes import learnt_classes, withheld
from genharness.spec.plugins import DataShape


@pytest.mark.parametrize(("conditional", "classes", "learnt"), [(False, 0, 0), (False, 10, 0), (True, 2, 2)])
def test_classes_are_learnt_where_they_are_asked_for(conditional, classes, learnt):
    assert learnt_classes(DataShape("image", (1, 8, 8), classes=classes), conditional=conditional) == learnt


@pytest.mark.parametrize("classes", [0, 1])
def test_data_without_two_classes_is_refused(classes):
    with pytest.raises(ConfigError, match=f"at least two classes, and the data has {classes}"):
        learnt_classes(DataShape("image", (1, 8, 8), classes=classes), conditional=True)


def test_a_share_of_labels_is_withheld_and_the_others_stay():
    labels = torch.arange(4000) % 3
    torch.manual_seed(0)
    known = withheld(labels, 0.3, 3)
    assert torch.equal(known[known < 3], labels[known < 3])
    assert float((known == 3).float().mean()) == pytest.approx(0.3, abs=0.03)
    assert torch.equal(withheld(labels, 0.0, 3), labels)
    assert bool((withheld(labels, 1.0, 3) == 3).all())


def test_without_labels_or_classes_nothing_is_told():
    assert withheld(None, 0.1, 3) is None
    assert withheld(torch.zeros(4, dtype=torch.int64), 0.1, 0) is None
