import pytest

from genharness.images import read_layout


def stylegan(count, chunk=1000):
    return [f"{index // chunk:05}/img{index:08}.png" for index in range(0, count, chunk // 5)]


@pytest.mark.parametrize(
    "names",
    [
        stylegan(4000),
        [f"images/{name}" for name in stylegan(4000)],
        [f"{index // 1000 * 1000:05}/{index:05}.png" for index in range(0, 4000, 100)],
        [f"{index // 30:05}/{index:06}.jpg" for index in range(90)],
        [f"{index // 10:04}/{index:05}.png" for index in range(60)],
        [f"{index // 10000:05}/{index:09}.jpg" for index in range(0, 40000, 500)],
        [f"part{index // 20}/{index:05}.png" for index in range(240)],
        [f"Batch_{index // 20 + 1:03}/img_{index}.png" for index in range(240)],
        [f"{index // 1000 * 1000:05}-{index // 1000 * 1000 + 999:05}/{index}.png" for index in range(0, 4000, 100)],
    ],
)
@pytest.mark.parametrize("with_splits", [True, False])
def test_numbered_folders_that_only_split_numbered_files_are_no_classes(names, with_splits):
    layout = read_layout(names, "here", with_splits=with_splits)
    assert (layout.class_names, layout.labelled) == ((), False)
    assert "only split numbered files, so they are no classes" in layout.notes[0]
    assert len(layout.splits["train"]) == len(names)


@pytest.mark.parametrize(
    "names",
    [
        [f"{label}/{index}.png" for label in range(10) for index in range(5)],
        [f"{index % 10}/{index:05}.png" for index in range(50)],
        [f"{index // 5}/{index:05}.png" for index in range(50)],
        [f"{label:05}/{index:05}.png" for label in range(10) for index in range(5)],
        [f"n{label:08}/n{label:08}_{index}.png" for label in range(4) for index in range(5)],
        [f"{2000 + label}/{label * 5 + index}.png" for label in range(4) for index in range(5)],
        [f"{label:05}/photo {index}.png" for label in range(4) for index in range(5)],
        [f"part{label}/{index}.png" for label in range(4) for index in range(5)],
        [f"class{index // 5}/{index}.png" for index in range(20)],
        [f"{2000 + label}-{2001 + label}/{label * 5 + index}.png" for label in range(4) for index in range(5)],
    ],
)
def test_numbered_folders_whose_files_start_anew_or_are_short_are_classes(names):
    layout = read_layout(names, "here")
    folders = sorted({name.partition("/")[0] for name in names})
    assert list(layout.class_names) == folders
    assert layout.taken.startswith(f"labels: the {len(folders)} folders {folders[0]}")


def test_a_folder_for_every_picture_is_no_class():
    layout = read_layout([f"patient{index}/{index}.png" for index in range(60)], "here")
    assert layout.class_names == ()
    assert "hold 1.0 pictures each, too few for classes" in layout.notes[0]
    assert read_layout([f"class{index}/{index}.png" for index in range(5)], "here").labelled


def test_chunks_below_splits_are_no_classes_either():
    layout = read_layout([f"{split}/{name}" for split in ("train", "test") for name in stylegan(3000)], "here")
    assert (layout.class_names, sorted(layout.splits)) == ((), ["test", "train"])
