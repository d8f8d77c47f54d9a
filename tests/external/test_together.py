"""Sets that are scored together stand there once, in one arithmetic and one shape."""

import numpy as np
import pytest

from genharness import DataError
from genharness.external.reference import Reference
from genharness.external.together import comparable, each_once, refuse_other_shapes
from genharness.images.sample_file import SampleFile
from genharness.plugin.registry import load_registry

RANDOM = np.random.default_rng(0)


def pictures(where, channels=1, side=8):
    return SampleFile(where, RANDOM.integers(0, 256, (6, channels, side, side), np.uint8))


def against(found):
    return Reference(name="file:real", content_hash="r", found=found)


def test_samples_come_once_and_with_other_classes_again():
    first, other = pictures("a"), pictures("b")
    again = SampleFile("c", first.samples.copy())
    with_classes = SampleFile("d", first.samples, labels=np.arange(6))
    kept, notes = each_once([first, other, again, with_classes])
    assert kept == [0, 1, 3]
    assert notes == ("c holds the samples of a: they are scored once",)


@pytest.mark.parametrize(
    ("fake", "way"),
    [
        (pictures("fake.npy", side=6), r"holds 6x6x1, .* compared with 8x8x1: .* give --resize-to"),
        (
            pictures("fake.npy", channels=3),
            r"holds 8x8x3, .* compared with 8x8x1: .* save both sets as grey or both as RGB",
        ),
        (
            SampleFile("fake.npy", np.zeros((6, 64), np.float32)),
            r"holds 64 columns, .* with 8x8x1: .* needs one shape$",
        ),
    ],
)
def test_shapes_that_an_extractor_cannot_compare_are_refused(fake, way):
    real, extractor = pictures("real.npy"), load_registry().extractors.find("pixels")
    refuse_other_shapes([real], against(real), extractor)
    with pytest.raises(DataError, match=way):
        refuse_other_shapes([real, fake], against(real), extractor)


def test_an_extractor_that_resizes_compares_sizes_but_no_rows_with_pictures():
    real, extractor = pictures("real.npy"), load_registry().extractors.find("inception")
    refuse_other_shapes([pictures("fake.npy", side=6)], against(real), extractor)
    with pytest.raises(DataError, match="holds 64 columns"):
        refuse_other_shapes([SampleFile("rows.npy", np.zeros((6, 64), np.float32))], against(real), extractor)


def test_rows_are_compared_in_the_wider_type_and_both_sides_have_it():
    narrow, wide = (SampleFile(name, RANDOM.normal(size=(5, 3)).astype(name)) for name in ("float32", "float64"))
    (fake,), reference = comparable([narrow], against(wide))
    assert (fake.samples.dtype, reference.found.samples.dtype) == (np.float64, np.float64)
    np.testing.assert_array_equal(fake.samples, narrow.samples.astype(np.float64))
    np.testing.assert_array_equal(reference.found.samples, wide.samples)


def test_whole_numbers_beyond_float64_keep_their_differences_and_say_so():
    big = 2**60
    fake, real = (SampleFile("rows", np.array([[big + one], [big + two]])) for one, two in ((1, 4), (0, 2)))
    (found,), reference = comparable([fake], against(real))
    np.testing.assert_array_equal(found.samples[:, 0], [1, 4])
    np.testing.assert_array_equal(reference.found.samples[:, 0], [0, 2])
    assert any("2^53" in note for note in found.notes)


def test_pictures_and_rows_of_other_widths_stay_as_they_are():
    picture, rows = pictures("a"), SampleFile("rows", np.zeros((4, 3)))
    assert comparable([picture], against(picture))[0] == [picture]
    narrow = SampleFile("b", np.zeros((4, 2), np.float32))
    assert comparable([narrow], against(rows))[0][0] is narrow
