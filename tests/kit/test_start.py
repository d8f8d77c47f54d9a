"""Which models look at their data before training."""

import genharness.kit
from flow_models import build
from genharness.kit.start import StartsFromData
from genharness_model_reference.gaussian import Gaussian


def test_a_model_that_starts_from_data_is_known_by_its_method_and_one_that_fits_it_is_not():
    flow = build("realnvp")
    assert isinstance(flow, StartsFromData)
    assert not isinstance(Gaussian(flow.data, None), StartsFromData)
    assert genharness.kit.StartsFromData is StartsFromData
