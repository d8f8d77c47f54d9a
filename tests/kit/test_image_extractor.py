"""Extractors that embed one batch after the other."""

import numpy as np
import pytest
import torch

from genharness.errors import DataError
from genharness.kit import ExtractorContext
from genharness.kit.image_extractor import ImageExtractor

IMAGES = np.random.default_rng(0).integers(0, 256, (37, 3, 4, 4), dtype=np.uint8)


class Means(ImageExtractor):
    name, batch_size, identity = "means", 16, "means"

    def __init__(self):
        super().__init__(ExtractorContext(device=torch.device("cpu")), None)
        self.batches = []

    def embed(self, images):
        self.batches.append(len(images))
        return images.double().mean((2, 3))


def test_features_are_float32_and_in_order_whatever_the_batches():
    extractor = Means()
    found = extractor.extract(IMAGES).features
    assert extractor.batches == [16, 16, 5]
    assert found.dtype == np.float32
    assert np.allclose(found, IMAGES.mean((2, 3)))


@pytest.mark.parametrize(
    "samples",
    [
        IMAGES.astype(np.float32),
        IMAGES[:, :2],
        IMAGES[0],
        IMAGES[:0],
        np.zeros((3, 7), np.float32),
    ],
    ids=["floats", "two channels", "one image", "none", "rows"],
)
def test_what_are_no_pictures_is_refused_with_the_extractors_name(samples):
    with pytest.raises(DataError, match="extractor means reads uint8 images"):
        Means().extract(samples)
