"""The score of class logits over an evaluation."""

from types import SimpleNamespace

import numpy as np
import pytest

from genharness import ConfigError
from genharness_metric_inception_score import InceptionScoreConfig
from genharness_metric_inception_score.score import LogitScore


def score(logits, *, extractor="inception", splits=1):
    asked = SimpleNamespace(
        extractor=extractor,
        extracted=lambda which: SimpleNamespace(logits=logits),
        state_error=lambda key, error: None,
    )
    return LogitScore(InceptionScoreConfig(splits=splits)).compute(asked)


def sure(classes, each=10):
    """Logits of samples of which each is certainly of one class, equally many of every class."""
    return np.tile(np.eye(classes, dtype=np.float32) * 100, (each, 1))


@pytest.mark.parametrize("classes", [2, 7])
def test_samples_that_are_surely_of_every_class_score_the_number_of_classes(classes):
    assert score(sure(classes))["is"] == pytest.approx(classes, rel=1e-5)


def test_samples_that_could_be_anything_or_are_all_one_score_one():
    assert score(np.zeros((20, 5), np.float32))["is"] == pytest.approx(1)
    assert score(sure(5)[::5])["is"] == pytest.approx(1)


def test_only_over_inception_it_is_called_the_inception_score():
    found = score(sure(3, each=400), extractor="classifier")
    assert set(found) == {"classifier_score", "classifier_score_std"}
    assert set(score(sure(3, each=400))) == {"is", "is_std"}


def test_few_samples_are_split_no_further_than_they_go():
    assert np.isfinite(score(sure(3, each=1), splits=10)["is"])


def test_an_extractor_without_logits_is_named():
    with pytest.raises(ConfigError, match="extractor pixels gives no class logits"):
        score(None, extractor="pixels")


@pytest.mark.parametrize(("count", "splits", "said"), [(3000, 3, None), (3000, 4, 750.0), (999, 1, 999.0)])
def test_a_score_over_splits_of_fewer_than_a_thousand_samples_says_so(count, splits, said):
    assert score(sure(3, each=count // 3), splits=splits).get("score_split_samples") == said
