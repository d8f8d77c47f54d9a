"""Stored pictures that are small and alike are read once, and prepared to the same bits as those looked at first."""

import dataclasses
import errno

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genharness.data import decoded_ahead, ensure_prepared
from genharness.data.decoded_ahead import Decoding, decode_ahead
from genharness.errors import DataError
from genharness.files import ahead
from genharness.images import decode
from genharness.images.stored.pieces import Piece, StoredSet
from genharness.plugin.registry import load_registry
from packed import as_tar
from picture_kinds import KINDS, picture_files


def as_parquet(folder, kind):
    path = folder / "pictures.parquet"
    pq.write_table(pa.table({"image": picture_files(kind), "label": [place % 2 for place in range(10)]}), path)
    return f"parquet:{path}"


def as_shard(folder, kind):
    files = {f"{i}.png": content for i, content in enumerate(picture_files(kind))}
    labels = {f"{i}.cls": b"%d" % (i % 2) for i in range(10)}
    return f"tar:{as_tar(dict(sorted((files | labels).items())), folder / 'pictures.tar', '')}"


def prepared(where, reference, monkeypatch, name):
    monkeypatch.setenv("GENHARNESS_HOME", str(where / name))
    data = ensure_prepared(load_registry().datasets.find(reference.partition(":")[0]), reference)
    return dataclasses.replace(data.meta, code="")


def nothing_small(monkeypatch):
    monkeypatch.setattr(decoded_ahead, "_SMALL_BYTES", 0)


@pytest.mark.parametrize("variant", ["", "@8", "@8:pad"])
@pytest.mark.parametrize("kind", KINDS)
def test_bits_counts_and_notes_are_those_of_a_look_at_all_of_them(kind, variant, tmp_path, monkeypatch):
    if kind == "oblong and square" and not variant:
        variant = "@12:stretch"  # neither is cut unasked
    reference = as_parquet(tmp_path, kind) + variant
    once = prepared(tmp_path, reference, monkeypatch, "once")
    nothing_small(monkeypatch)
    assert once == prepared(tmp_path, reference, monkeypatch, "looked")
    assert once.counts == {"train": 8, "test": 2}


@pytest.mark.parametrize("write", [as_parquet, as_shard])
@pytest.mark.parametrize(("kind", "most"), [("colour", 11), ("grey", 11), ("grey at last", 11), ("mixed squares", 40)])
def test_pictures_that_are_alike_are_opened_once(kind, most, write, tmp_path, monkeypatch):
    reference, opened, really = write(tmp_path, kind), [], decode._open
    monkeypatch.setattr(decode, "_open", lambda content: opened.append(1) or really(content))
    prepared(tmp_path, reference, monkeypatch, "home")
    assert 10 < len(opened) <= most


def test_without_room_for_them_twice_they_are_looked_at_first(tmp_path, monkeypatch):
    reference = as_parquet(tmp_path, "colour")
    once = prepared(tmp_path, reference, monkeypatch, "once")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(decoded_ahead, "_into", full)
    assert once == prepared(tmp_path, reference, monkeypatch, "full")


def test_what_cannot_be_used_is_named_as_ever_all_of_it(tmp_path, monkeypatch):
    files = picture_files("colour")
    files[8], files[9] = files[8][:100], b"nothing"
    pq.write_table(pa.table({"image": files}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"2 of 10 pictures cannot be used.*row 8.*row 9"):
        prepared(tmp_path, f"parquet:{tmp_path / 'a.parquet'}", monkeypatch, "home")


def test_labels_of_words_and_given_splits_survive(tmp_path, monkeypatch):
    files = picture_files("colour")
    for split, some in (("train", range(7)), ("test", range(7, 10))):
        table = {"image": [files[i] for i in some], "label": [("cat", "ant")[i % 2] for i in some]}
        pq.write_table(pa.table(table), tmp_path / f"{split}-0.parquet")
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path / "home"))
    data = ensure_prepared(load_registry().datasets.find("parquet"), f"parquet:{tmp_path}")
    assert data.class_names == ("ant", "cat")
    np.testing.assert_array_equal(data.labels("test"), [0, 1, 0])
    expected = np.stack([np.asarray(KINDS["colour"](i)).transpose(2, 0, 1) for i in range(7, 10)])
    np.testing.assert_array_equal(data.samples("test"), expected)


def stored(files, taken):
    def pieces():
        for start in range(0, len(files), 3):
            taken.append(start)
            yield Piece([f"row {start + i}" for i in range(len(files[start : start + 3]))], files[start : start + 3])

    return StoredSet("rows", "pictures", pieces)


@pytest.mark.parametrize("long", [0.0, 1e9])  # in threads, and one after the other
def test_batches_come_in_order_and_only_a_few_pieces_are_read_ahead(long, monkeypatch):
    monkeypatch.setattr(ahead, "LONG", long)
    files, taken = picture_files("grey") * 30, []
    rows = stored(files, taken)
    batches = decode_ahead(rows, rows.pieces(), Decoding((1, 12, 12)))
    first = next(batches)
    assert len(taken) <= ahead._MOST_THREADS + 1
    images = np.concatenate([first.images, *(batch.images for batch in batches)])
    expected = np.stack([np.asarray(KINDS["grey"](i % 10))[None] for i in range(300)])
    np.testing.assert_array_equal(images, expected)


def test_an_unreadable_picture_ends_it_after_those_before():
    rows = stored([*picture_files("grey")[:4], b"nothing"], [])
    seen = []
    with pytest.raises(DataError, match=r"1 of 2 pictures cannot be used.*row 4"):
        seen.extend(decode_ahead(rows, rows.pieces(), Decoding((1, 12, 12))))
    assert sum(len(batch.images) for batch in seen) == 5


def test_nothing_is_left_beside_the_arrays(tmp_path, monkeypatch):
    prepared(tmp_path, as_parquet(tmp_path, "colour"), monkeypatch, "home")
    kept = {path.name for path in (tmp_path / "home").rglob("*") if path.is_file()}
    assert {name for name in kept if name.endswith(".npy")} == {"images.npy", "labels.npy"}
    assert not {name for name in kept if name.startswith("tmp")}
