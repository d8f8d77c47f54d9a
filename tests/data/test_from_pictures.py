"""From picture files to a split."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from genharness.data.from_pictures import asked_shape, write_pictures
from genharness.images.sources import open_source
from genharness.spec.dataset_name import parse_reference

COLOURS = ["red", "green", "blue", "white", "black"]


@pytest.fixture
def pictures(tmp_path):
    for place, colour in enumerate(COLOURS):
        Image.new("RGB", (6, 4), colour).save(tmp_path / f"{place}.png")
    return tmp_path


def request_for(reference):
    batches, told = [], []
    return SimpleNamespace(
        reference=parse_reference(reference),
        writer=SimpleNamespace(decoded=batches.append),
        report=lambda done, total, text: told.append((done, total, text)),
        batches=batches,
        told=told,
    )


@pytest.mark.parametrize(
    ("reference", "shape"),
    [("toy", (3, 4, 6)), ("toy@8", (3, 8, 8)), ("toy@8:grey", (1, 8, 8))],
)
def test_the_shape_is_the_one_asked_for_or_the_datasets_own(reference, shape):
    assert asked_shape(request_for(reference), (3, 4, 6)) == shape


def test_pictures_keep_their_order_and_their_labels(pictures):
    parts, request = [], request_for("toy@4")
    output = SimpleNamespace(name="train", write=lambda images, labels: parts.append((images, labels)))
    names = [f"{place}.png" for place in (3, 0, 2)]
    with open_source(pictures) as source:
        write_pictures(request, output, source, names, np.array([7, 8, 9]), (3, 4, 4))
    images = np.concatenate([images for images, _ in parts])
    assert images[:, :, 2, 2].tolist() == [[255, 255, 255], [255, 0, 0], [0, 0, 255]]
    assert np.concatenate([labels for _, labels in parts]).tolist() == [7, 8, 9]
    assert sum(batch.cropped for batch in request.batches) == 3
    assert request.told[-1] == (3, 3, "decoding train")
