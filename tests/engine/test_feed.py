"""Batches: what order, what range, from memory or from disk."""

import numpy as np
import pytest
import scipy.stats
import torch

from genharness.engine import feed as feeding
from genharness.engine.feed import Feeder
from genharness.errors import DataError
from genharness.testing.one_device import META, OneDevice
from genharness.testing.synthetic import CLASSES, TRAIN, synthetic_data

CPU = torch.device("cpu")


@pytest.fixture
def feeder():
    made = []

    def make(batch_size=32, *, seed=0, data=None, **options):
        made.append(Feeder(data or synthetic_data(8, 3), batch_size, seed=seed, device=CPU, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def batches(feeder, count):
    return [feeder.batch(step) for step in range(count)]


def pixels(samples):
    return ((samples + 1) * 127.5).round().byte().numpy()


def rows(samples):
    return {np.ascontiguousarray(sample).tobytes() for sample in samples}


def test_an_epoch_shows_every_sample_once(feeder):
    shown = [sample for samples, _labels in batches(feeder(), TRAIN // 32) for sample in pixels(samples)]
    assert len(shown) == TRAIN
    assert rows(shown) == rows(synthetic_data(8, 3).samples("train"))


def test_pixels_span_minus_one_to_one(feeder):
    samples = feeder(TRAIN).batch(0)[0]
    assert samples.dtype == torch.float32
    assert samples.is_contiguous(memory_format=torch.channels_last)
    assert -1 <= samples.min() < -0.9
    assert 0.9 < samples.max() <= 1


def test_each_sample_keeps_its_label(feeder):
    data = synthetic_data(8, 3)
    known = {sample.tobytes(): label for sample, label in zip(data.samples("train"), data.labels("train"), strict=True)}
    samples, labels = feeder().batch(3)
    assert [known[sample.tobytes()] for sample in pixels(samples)] == labels.tolist()


def test_the_order_depends_on_seed_and_epoch_alone(feeder):
    first, again, other = feeder(seed=1), feeder(seed=1), feeder(seed=2)
    for step in (0, 4, 7):
        assert torch.equal(first.batch(step)[0], again.batch(step)[0])
    assert not torch.equal(first.batch(0)[0], other.batch(0)[0])
    assert not torch.equal(first.batch(0)[0], first.batch(TRAIN // 32)[0])


def test_a_resumed_training_gets_the_batches_it_would_have_had(feeder):
    expected = [samples for samples, _ in batches(feeder(mirror=True), 9)][6:]
    resumed = feeder(mirror=True)
    for step, samples in enumerate(expected, start=6):
        assert torch.equal(resumed.batch(step)[0], samples)


@pytest.mark.parametrize("options", [{}, {"mirror": True}, {"balanced": True}])
def test_batches_from_disk_are_those_from_memory(feeder, options):
    memory, disk = feeder(resident=True, **options), feeder(resident=False, **options)
    for (one, its), (other, theirs) in zip(batches(memory, 12), batches(disk, 12), strict=True):
        assert torch.equal(one, other)
        assert torch.equal(its, theirs)


def test_a_batch_can_still_be_had_after_reading_ahead_was_stopped(feeder):
    disk, expected = feeder(resident=False), feeder(resident=True).batch(3)[0]
    disk.batch(0)
    disk.close()
    assert torch.equal(disk.batch(3)[0], expected)


@pytest.mark.parametrize(("limit", "held"), [(1 << 30, True), (100, False)])
def test_the_processor_holds_small_data_and_reads_large_data_from_disk(feeder, monkeypatch, limit, held):
    monkeypatch.setattr(feeding, "_HOST_BYTES", limit)
    assert (feeder()._resident is not None) == held


def test_data_larger_than_a_quarter_of_free_memory_stays_on_disk(feeder, monkeypatch):
    monkeypatch.setattr(feeding.psutil, "virtual_memory", lambda: type("Memory", (), {"available": 1000}))
    assert feeder()._resident is None


def test_about_half_of_the_images_are_mirrored_and_the_others_untouched(feeder):
    plain, mirrored = feeder(TRAIN).batch(0)[0], feeder(TRAIN, mirror=True).batch(0)[0]
    same = (plain == mirrored).flatten(1).all(1)
    flipped = (plain.flip(3) == mirrored).flatten(1).all(1)
    assert (same | flipped).all()
    assert 0.3 < flipped.float().mean() < 0.7


def test_rows_of_a_table_are_never_mirrored_nor_scaled(feeder):
    table = synthetic_data(tabular=True)
    samples = feeder(TRAIN, data=table, mirror=True).batch(0)[0]
    assert rows(samples) == rows(table.samples("train"))


def test_balanced_batches_show_every_class_equally_often(feeder):
    _samples, labels = feeder(8 * CLASSES, balanced=True).batch(5)
    assert torch.bincount(labels).tolist() == [8] * CLASSES


def test_every_sample_of_a_class_has_the_same_chance(feeder):
    data = synthetic_data(8, 3)
    balanced = feeder(64, data=data, balanced=True)
    known = {sample.tobytes(): row for row, sample in enumerate(data.samples("train"))}
    drawn = [known[sample.tobytes()] for samples, _ in batches(balanced, 100) for sample in pixels(samples)]
    counts = np.bincount(drawn, minlength=TRAIN)
    expected = 6400 / TRAIN
    assert scipy.stats.chi2.sf(((counts - expected) ** 2 / expected).sum(), TRAIN - CLASSES) > 0.001


@pytest.mark.parametrize("options", [{}, {"mirror": True}, {"balanced": True, "mirror": True}])
def test_a_batch_of_data_that_is_held_waits_for_no_copy(options):
    feeder = Feeder(synthetic_data(8, 3), 32, seed=0, device=META, resident=True, **options)
    feeder.batch(0)  # an epoch's order goes to the device at its start
    with OneDevice():
        samples, labels = feeder.batch(1)
    assert (samples.device, labels.device) == (META, META)
    assert (samples.shape, samples.dtype) == ((32, 3, 8, 8), torch.float32)


def test_data_goes_to_a_device_in_parts(monkeypatch):
    monkeypatch.setattr(feeding, "_CHUNK_BYTES", 1000)
    samples = synthetic_data(8, 3).samples("train")
    assert np.array_equal(feeding._held(samples, CPU).numpy(), samples)
    assert feeding._held(samples, META).device == META


def test_data_without_labels_gives_none(feeder):
    assert feeder(data=synthetic_data(8, 1, labelled=False)).batch(0)[1] is None


def test_data_that_shrinks_while_it_is_read_is_an_error(feeder, tmp_path):
    whole = np.zeros((64, 3, 8, 8), np.uint8)
    np.save(tmp_path / "images.npy", whole)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    reader = feeding._RowReader(mapped, pinned=False)
    with (tmp_path / "images.npy").open("r+b") as file:
        file.truncate(500)
    with pytest.raises(DataError, match="data verify"):
        reader.read(np.array([63]))
