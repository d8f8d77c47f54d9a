from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric

from evaluations import row_evaluation
from genharness import NoOptions
from genharness.errors import NotDefinedError
from genharness.functional.frechet import GaussianStatistics, frechet_distance
from genharness.functional.sampling_error import frechet_error
from genharness_metric_frechet import FidInfinityConfig, fid
from genharness_metric_frechet.fid import FdDinoV2, Fid, FidInfinity, Sfid


def test_fd_dinov2_takes_its_own_features_whatever_the_protocols_are():
    rng = np.random.default_rng(0)
    sets = {"real": rng.normal(size=(200, 6)), "fake": rng.normal(0.3, 1.2, size=(150, 6))}
    asked = []

    def extracted(which, extractor):
        asked.append((which, extractor))
        return SimpleNamespace(features=sets[which])

    errors = {}
    evaluation = SimpleNamespace(extractor="classifier", extracted=extracted, state_error=errors.__setitem__, seed=0)
    found = FdDinoV2(NoOptions()).compute(evaluation)
    fake, real = (fid_features_to_statistics(torch.from_numpy(sets[which])) for which in ("fake", "real"))
    theirs = fid_statistics_to_metric(fake, real, verbose=False)
    assert asked == [("real", "dinov2"), ("fake", "dinov2")]
    assert found == {"fd_dinov2": pytest.approx(theirs[KEY_METRIC_FID], rel=1e-6)}
    assert errors["fd_dinov2"]() == pytest.approx(frechet_error(sets["real"], sets["fake"]))


@pytest.mark.parametrize(("count", "share"), [(150, None), (4, 2 / 3)])
def test_sfid_takes_spatial_features_and_says_where_they_are_too_few(count, share):
    rng = np.random.default_rng(0)
    sets = {"real": rng.normal(size=(200, 6)), "fake": rng.normal(0.3, 1.2, size=(count, 6))}
    asked = []

    def extracted(which, extractor):
        asked.append(extractor)
        return SimpleNamespace(features=sets[which])

    errors = {}
    evaluation = SimpleNamespace(extracted=extracted, state_error=errors.__setitem__, seed=0)
    found = Sfid(NoOptions()).compute(evaluation)
    assert set(asked) == {"inception-spatial"}
    assert found["sfid"] == frechet_distance(sets["real"], sets["fake"])
    assert errors["sfid"]() > 0
    if share is None:
        assert errors["sfid"]() == pytest.approx(frechet_error(sets["real"], sets["fake"]))
    assert found.get("sfid_samples_per_dimension") == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize(("real", "fake", "share"), [(40, 30, None), (40, 8, 0.8), (7, 30, 0.7), (None, 5, 0.5)])
def test_fid_of_fewer_samples_than_dimensions_says_so(real, fake, share):
    def statistics(which):
        count = {"real": real, "fake": fake}[which]
        if count is None:  # a statistics file that does not say
            return GaussianStatistics(np.zeros(10), np.eye(10))
        return GaussianStatistics.fit(np.random.default_rng(count).normal(size=(count, 10)))

    evaluation = SimpleNamespace(statistics=statistics, state_error=lambda column, error: None)
    found = Fid(NoOptions()).compute(evaluation)
    assert found.get("fid_samples_per_dimension") == share


def test_fid_states_the_error_of_its_influence_function():
    real, fake = np.random.default_rng(0).normal(size=(2, 60, 10)).astype(np.float32)
    evaluation = row_evaluation(real=real, fake=fake)
    with evaluation.noting() as noted:
        Fid(NoOptions()).compute(evaluation)
    assert noted.errors == {"fid": pytest.approx(frechet_error(real, fake), rel=1e-5)}


def infinity(count, width=10):
    rows = np.random.default_rng(0).normal(size=(count, width))
    real = GaussianStatistics.fit(np.random.default_rng(1).normal(size=(5000, width)))
    evaluation = SimpleNamespace(
        statistics=lambda _which: real, features=lambda _which: rows, seed=0, state_error=lambda column, error: None
    )
    return FidInfinity(FidInfinityConfig()).compute(evaluation)["fid_inf"]


def test_fid_infinity_starts_at_two_and_a_half_samples_a_dimension(monkeypatch):
    asked = []

    def line(real, fake, *, points, smallest, seed):
        asked.append(smallest)
        return SimpleNamespace(value=0.0)

    monkeypatch.setattr(fid, "fid_infinity", line)
    for count in (200, 1000):
        infinity(count)
    assert asked == [25, 100]


@pytest.mark.parametrize(("count", "stated"), [(60, 1), (4, 0)])
def test_fid_infinity_has_an_error_where_the_reference_spans_all_directions(count, stated):
    rng = np.random.default_rng(0)
    evaluation = row_evaluation(real=rng.normal(size=(count, 4)), fake=rng.normal(0.5, 1, size=(200, 4)))
    with evaluation.noting() as noted:
        FidInfinity(FidInfinityConfig()).compute(evaluation)
    assert len(noted.errors) == stated
    assert all(error > 0 for error in noted.errors.values())


def test_fid_infinity_of_fakes_in_fewer_directions_has_no_error():
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(200, 4)) * [1, 1, 1, 0]
    evaluation = row_evaluation(real=rng.normal(size=(60, 4)), fake=flat)
    with evaluation.noting() as noted:
        assert np.isfinite(FidInfinity(FidInfinityConfig()).compute(evaluation)["fid_inf"])
    assert np.isnan(noted.errors["fid_inf"])


def test_fid_infinity_of_too_few_samples_is_not_defined():
    with pytest.raises(
        NotDefinedError, match=r"at least 2.5 samples a feature dimension, 25, and there are 25 samples"
    ):
        infinity(25)
    assert abs(infinity(400)) < 0.1


@pytest.mark.parametrize(("fakes", "width"), [(400, 4), (12, 20)])
def test_the_error_is_the_spread_of_other_samples_whether_covariances_are_full_or_singular(fakes, width):
    rng = np.random.default_rng(0)
    real = rng.normal(size=(3000, width)).astype(np.float32)
    sets = [rng.normal(0.5, 1, (fakes, width)).astype(np.float32) for _ in range(200)]
    evaluation = row_evaluation(real=real, fake=sets[0])
    with evaluation.noting() as noted:
        Fid(NoOptions()).compute(evaluation)
    spread = np.std([frechet_distance(real, one) for one in sets])
    assert 0.7 * spread < noted.errors["fid"] < 1.8 * spread
