"""Sizes, channels and parts of a prepared dataset."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from genharness import ConfigError, DatasetSpec
from genharness.data import ensure_prepared, open_prepared, verify_arrays
from genharness_data_digits import genharness_datasets

(DIGITS,) = genharness_datasets()


def test_size_is_short_side_resized_then_centre_cropped(toy):
    whole, data = ensure_prepared(toy.spec, "toy"), ensure_prepared(toy.spec, "toy@4:grey")
    picture = Image.fromarray(whole.samples("train")[5].transpose(1, 2, 0)).convert("L")
    expected = picture.resize((4, 4), Image.Resampling.BICUBIC, box=(1, 0, 7, 6))
    np.testing.assert_array_equal(data.samples("train")[5, 0], np.asarray(expected))
    assert data.meta.touched == {"resized": 52, "cropped": 52, "converted": 52}
    assert data.meta.shape == (1, 4, 4)
    assert any("centre crop" in note for note in data.meta.notes)


def test_reduction_does_not_alias():
    """A fine checkerboard becomes its mean: grey, not black or white."""
    board = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    from genharness.images.resize import conform

    small, changes = conform(board[None, None], 8, None)
    assert small.min() >= 117
    assert small.max() <= 138
    assert changes == {"resized": 1, "cropped": 0, "converted": 0}


def test_grey_becomes_rgb_by_repetition(toy):
    data = ensure_prepared(DIGITS, "digits@rgb")
    whole = ensure_prepared(DIGITS, "digits")
    np.testing.assert_array_equal(data.samples("test"), np.repeat(whole.samples("test"), 3, axis=1))


def test_limit_is_stratified_stamped_and_repeatable(toy):
    data = ensure_prepared(toy.spec, "toy", limit=8)
    assert data.name == "toy#8"
    assert data.class_counts("train") == {"ant": 2, "bee": 2, "cat": 2, "dog": 2}
    assert data.meta.counts == {"train": 8, "test": 8}
    assert data.content_hash != ensure_prepared(toy.spec, "toy").content_hash
    assert ensure_prepared(toy.spec, "toy", limit=8, force=True).content_hash == data.content_hash
    assert open_prepared(toy.spec, "toy#8").content_hash == data.content_hash


def test_limited_samples_keep_their_labels(toy):
    whole, data = ensure_prepared(toy.spec, "toy"), ensure_prepared(toy.spec, "toy", limit=8)
    lookup = {
        image.tobytes(): label for image, label in zip(whole.samples("train"), whole.labels("train"), strict=True)
    }
    assert [lookup[image.tobytes()] for image in data.samples("train")] == data.labels("train").tolist()


def test_limit_above_the_data_takes_all(toy):
    assert ensure_prepared(toy.spec, "toy", limit=10_000).meta.counts == {"train": 40, "test": 12}


def test_validation_is_taken_from_train(toy):
    data = ensure_prepared(toy.spec, "toy", splits="validation=8")
    assert data.meta.counts == {"train": 32, "validation": 8, "test": 12}
    assert data.class_counts("validation") == {"ant": 2, "bee": 2, "cat": 2, "dog": 2}
    parts = {image.tobytes() for split in ("train", "validation") for image in data.samples(split)}
    assert parts == {image.tobytes() for image in ensure_prepared(toy.spec, "toy").samples("train")}
    verify_arrays(data)


def test_classes_are_chosen_and_renumbered_in_the_datasets_order(toy):
    data = ensure_prepared(toy.spec, "toy#classes=dog+bee")
    assert data.class_names == ("bee", "dog")
    assert data.class_counts("train") == {"bee": 10, "dog": 10}
    whole = ensure_prepared(toy.spec, "toy")
    np.testing.assert_array_equal(
        data.samples("train")[data.labels("train") == 1], whole.samples("train")[whole.labels("train") == 3]
    )


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("toy#classes=dig", "no class 'dig'; did you mean 'dog'"),
        ("toy#validation=40", "leaves nothing of the 40"),
        ("toys", "not a variant of toy"),
        ("toy:/some/path", "takes no path"),
    ],
)
def test_impossible_variants_are_refused(toy, reference, reason):
    with pytest.raises(ConfigError, match=reason):
        ensure_prepared(toy.spec, reference)


def test_a_table_has_no_pixels():
    table = DatasetSpec(name="t", summary="", factory="x:y", modality="tabular")
    with pytest.raises(ConfigError, match="is a table"):
        ensure_prepared(table, "t@64")


def test_variants_are_made_from_the_whole_without_the_source(toy):
    for reference in ("toy", "toy@4", "toy@8", "toy@4#10", "toy#3"):
        ensure_prepared(toy.spec, reference)
    assert toy.calls() == 1


def test_a_variant_follows_when_the_whole_is_prepared_anew(toy):
    before = ensure_prepared(toy.spec, "toy#8").content_hash
    source = toy.folder / "toy_dataset.py"
    source.write_text(source.read_text().replace("images(40, 0)", "images(40, 7)"))
    import sys

    del sys.modules["toy_dataset"]
    ensure_prepared(toy.spec, "toy", force=True)
    assert ensure_prepared(toy.spec, "toy#8").content_hash != before


def test_large_data_is_prepared_straight_at_the_size_asked_for(toy, monkeypatch):
    monkeypatch.setattr("genharness.data.prepare._WHOLE_FIRST_BYTES", 10)
    direct = ensure_prepared(toy.spec, "toy@4")
    assert not (direct.folder.parent / "toy").exists()
    monkeypatch.undo()
    monkeypatch.setenv("GENHARNESS_HOME", str(toy.folder / "home"))
    assert ensure_prepared(toy.spec, "toy@4").content_hash == direct.content_hash


RESAMPLED = """
import numpy as np

def prepare(request):
    size = request.reference.size or 8
    for split in ("train", "test"):
        request.writer.split(split).write(np.full((20, 1, size, size), size, np.uint8))
    request.writer.touched(resized=40)
"""


def test_resampled_pixels_are_reduced_but_never_enlarged(toy):
    """Of pictures of mixed sizes, larger ones come from the source, not from the small ones made of them."""
    (toy.folder / "resampled_dataset.py").write_text(RESAMPLED)
    spec = DatasetSpec(name="mixed", summary="", factory="resampled_dataset:prepare", shape=(1, 8, 8), bundled=True)
    larger = ensure_prepared(spec, "mixed@16#5")
    assert larger.samples("train").shape == (5, 1, 16, 16)
    assert (larger.samples("train") == 16).all()
    assert (ensure_prepared(spec, "mixed@4").samples("train") == 8).all()


def test_a_picture_that_was_resized_twice_counts_once(toy):
    (toy.folder / "resampled_dataset.py").write_text(RESAMPLED)
    spec = DatasetSpec(name="mixed", summary="", factory="resampled_dataset:prepare", shape=(1, 8, 8), bundled=True)
    assert ensure_prepared(spec, "mixed@4").meta.touched == {"resized": 40}
