"""From stored samples to a prepared dataset: one result whatever the file."""

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genharness import ConfigError, DataError
from genharness.data import ensure_prepared, parse_reference
from genharness.data.prepare import is_prepared
from genharness.images import read_samples
from genharness.plugin.registry import load_registry
from packed import as_folder, as_tar, encoded

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.randint(0, 256, (20, 8, 10, 3)).astype(np.uint8)
LABELS = np.arange(20) % 2
PNG = [encoded(image) for image in IMAGES]
ROWS = RANDOM.normal([1e6, -3], [2, 0.1], (50, 2))


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@pytest.fixture
def prepare(registry):
    return lambda text, **options: ensure_prepared(registry.datasets.find(parse_reference(text).name), text, **options)


def every_form(folder):
    """The same pictures and labels in each form; return the references."""
    as_folder({f"pictures/{LABELS[i]}/{i:02}.png": PNG[i] for i in range(20)}, folder)
    for shard in range(2):
        some = range(shard * 10, shard * 10 + 10)
        files = {f"{i:02}.{end}": one for i in some for end, one in (("png", PNG[i]), ("cls", b"%d" % LABELS[i]))}
        as_tar(files, folder / f"s-{shard}.tar", "")
    pq.write_table(pa.table({"image": PNG, "label": LABELS}), folder / "a.parquet", row_group_size=7)
    with h5py.File(folder / "a.h5", "w") as file:
        file["images"], file["labels"] = IMAGES, LABELS
    return [f"tar:{folder}/s-{{0..1}}.tar", f"parquet:{folder}/a.parquet", f"h5:{folder}/a.h5"]


@pytest.mark.parametrize("variant", ["", "@8", "@8:pad", "@12:grey:stretch"])
def test_the_same_samples_are_the_same_data_in_every_form(prepare, tmp_path, variant):
    found = [prepare(f"{reference}{variant}") for reference in every_form(tmp_path)]
    assert len({data.content_hash for data in found}) == 1
    assert {data.class_names for data in found} == {("0", "1")}
    assert {data.class_counts("test")["0"] for data in found} == {2}
    assert len({str(data.meta.touched) for data in found}) == 1


def test_every_sample_keeps_its_label_in_train_and_test(prepare, tmp_path):
    data = prepare(every_form(tmp_path)[1])
    expected = {image.transpose(2, 0, 1).tobytes(): label for image, label in zip(IMAGES, LABELS, strict=True)}
    for split in data.splits:
        for image, label in zip(data.samples(split), data.labels(split), strict=True):
            assert expected.pop(image.tobytes()) == label
    assert not expected


def test_samples_to_be_scored_are_read_from_the_same_files(tmp_path):
    every_form(tmp_path)
    for name in ("s-0.tar", "a.parquet", "a.h5"):
        found = read_samples(tmp_path / name)
        np.testing.assert_array_equal(found.samples, IMAGES[: len(found.samples)].transpose(0, 3, 1, 2))
        np.testing.assert_array_equal(found.labels, LABELS[: len(found.samples)])
        assert read_samples(tmp_path / name, size=8).samples.shape[2:] == (8, 8)


def table(path, species=("cat", "dog")):
    lines = [f"{a!r},{b!r},{species[i % 2]}" for i, (a, b) in enumerate(ROWS.tolist())]
    path.write_text("\n".join(["a,b,species", *lines]))
    return path


def test_a_table_is_standardised_on_train_and_keeps_its_units(prepare, tmp_path):
    data = prepare(f"csv:{table(tmp_path / 't.csv')}")
    words = [("cat", "dog")[i % 2] for i in range(50)]
    pq.write_table(pa.table({"a": ROWS[:, 0], "b": ROWS[:, 1], "species": words}), tmp_path / "t.parquet")
    assert prepare(f"parquet:{tmp_path / 't.parquet'}").content_hash == data.content_hash
    assert (data.meta.column_names, data.class_names) == (("a", "b"), ("cat", "dog"))
    rows = np.concatenate([data.units.raw(data.samples(split)) for split in data.splits])
    np.testing.assert_allclose(np.sort(rows, axis=0), np.sort(ROWS, axis=0), rtol=1e-6)
    np.testing.assert_allclose(data.samples("train").mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(data.samples("train").std(0), 1, atol=1e-5)


def test_the_splits_of_a_file_are_kept(prepare, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, images, labels in (("train", IMAGES, LABELS), ("test", IMAGES[:3], LABELS[:3])):
            file[f"{name}/x"], file[f"{name}/y"] = (images / 255).astype("f4"), labels
    data = prepare(f"h5:{tmp_path / 'a.h5'}")
    assert list(data.meta.counts.items()) == [("train", 20), ("test", 3)]
    np.testing.assert_array_equal(data.samples("test"), IMAGES[:3].transpose(0, 3, 1, 2))
    assert "values in [0, 1] scaled" in data.meta.notes


def test_a_changed_shard_is_prepared_anew(prepare, registry, tmp_path):
    reference, _, _ = every_form(tmp_path)
    before = prepare(reference)
    assert prepare(reference).meta == before.meta
    assert is_prepared(registry.datasets.find("tar"), reference)
    as_tar({"99.png": PNG[0], "99.cls": b"1"}, tmp_path / "s-1.tar", "")
    assert sum(prepare(reference).meta.counts.values()) == 11


@pytest.mark.parametrize(
    ("text", "error", "reason"),
    [
        ("csv:{0}/t.csv@64", DataError, "is a table: it has no @64"),
        ("csv:{0}/one.csv", DataError, "holds one sample only"),
        ("parquet:{0}/mixed.parquet", DataError, "say how they become some with --fit"),
        ("digits#images", ConfigError, "digits has no columns to choose from: leave #images out"),
        ("parquet:{0}/bad.parquet", DataError, r"2 of 3 pictures cannot be used.*row 0.*row 2"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_leaves_nothing(prepare, tmp_path, text, error, reason):
    table(tmp_path / "t.csv")
    (tmp_path / "one.csv").write_text("a\n1\n")
    pq.write_table(pa.table({"image": [PNG[0], encoded(IMAGES[0][:5])]}), tmp_path / "mixed.parquet")
    pq.write_table(pa.table({"image": [b"a", PNG[0], PNG[0][:60]]}), tmp_path / "bad.parquet")
    with pytest.raises(error, match=reason) as caught:
        prepare(text.format(tmp_path))
    assert "\n" not in str(caught.value)


TIMES = 1_700_000_000_000_000_000 + np.arange(300) % 97  # nanoseconds; float64 holds every 256th of them


def far_tables(folder):
    """One table with a column of times in each form that holds whole numbers; return the references."""
    small = np.arange(300) % 7
    lines = "\n".join(f"{a},{b}" for a, b in zip(TIMES, small, strict=True))
    (folder / "t.csv").write_text(f"time,b\n{lines}\n")
    pq.write_table(pa.table({"time": TIMES, "b": small.astype(float)}), folder / "t.parquet", row_group_size=64)
    with h5py.File(folder / "t.h5", "w") as file:
        file["x"] = np.column_stack([TIMES, small])
    return [f"csv:{folder}/t.csv", f"parquet:{folder}/t.parquet", f"h5:{folder}/t.h5"]


def test_times_in_nanoseconds_keep_what_they_differ_by(prepare, tmp_path):
    found = [prepare(reference) for reference in far_tables(tmp_path)]
    for data in found:
        rows = np.concatenate([data.samples(split) for split in data.splits])
        assert len(np.unique(rows[:, 0])) == 97
        np.testing.assert_allclose(data.samples("train").std(axis=0), 1, rtol=1e-4)
        np.testing.assert_allclose(data.samples("train").mean(axis=0), 0, atol=1e-5)
        assert data.units.raw(np.zeros((1, 2)))[0, 0] == pytest.approx(TIMES.mean(), abs=256)
        own = np.concatenate([data.units.standardised(np.column_stack([TIMES, np.arange(300) % 7]))]).astype("f4")
        assert {*map(tuple, own.tolist())} == {*map(tuple, rows.tolist())}
        assert data.units.scales[0] == pytest.approx(28, abs=1)
        assert any("beyond 2^53 are counted from the first" in note for note in data.meta.notes)
    assert len({data.content_hash for data in found}) == 1


def test_a_test_split_is_counted_from_what_train_is(prepare, tmp_path):
    for split, times in (("train", TIMES), ("test", TIMES[::-1][:100])):
        pq.write_table(pa.table({"time": times, "b": np.arange(len(times))}), tmp_path / f"{split}-0.parquet")
    data = prepare(f"parquet:{tmp_path}")
    expected = np.array([(int(time) - TIMES.min() - 0.0) for time in TIMES[::-1][:100]])
    mean, scale = (TIMES - TIMES.min()).mean(), (TIMES - TIMES.min()).std()
    np.testing.assert_allclose(data.samples("test")[:, 0], (expected - mean) / scale, rtol=1e-5, atol=1e-5)


def test_whole_numbers_to_be_scored_stay_whole(tmp_path):
    far_tables(tmp_path)
    for name in ("t.csv", "t.h5"):
        assert read_samples(tmp_path / name).samples[:, 0].tolist() == TIMES.tolist()


def test_whole_numbers_beside_others_are_said_to_be_rounded_where_a_table_is_scored(tmp_path):
    far_tables(tmp_path)
    assert any("beyond 2^53 are rounded" in note for note in read_samples(tmp_path / "t.parquet").notes)
    assert not any("2^53" in note for note in read_samples(tmp_path / "t.csv").notes)
