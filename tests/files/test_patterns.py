"""Many files under one name."""

import pytest

from genharness import DataError
from genharness.files.patterns import files_below, paths_of


@pytest.fixture
def folder(tmp_path):
    for name in ("s-000.tar", "s-001.tar", "s-010.tar", "deep/a.TAR", "deep/.hidden.tar", "b.txt", "odd[1].tar"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("s-000.tar", ["s-000.tar"]),
        ("s-{000..001}.tar", ["s-000.tar", "s-001.tar"]),
        ("s-{0..0}{0..1}{0..1}.tar", None),
        ("s-0{00..01}.tar", ["s-000.tar", "s-001.tar"]),
        ("s-*.tar", ["s-000.tar", "s-001.tar", "s-010.tar"]),
        ("s-00?.tar", ["s-000.tar", "s-001.tar"]),
        ("odd[1].tar", ["odd[1].tar"]),
        ("nothing-*.tar", []),
        ("nowhere.tar", []),
    ],
)
def test_braces_and_wildcards_stand_for_files(folder, pattern, names):
    if names is None:
        with pytest.raises(DataError, match=r"s-011\.tar does not exist, and the braces name it"):
            paths_of(f"{folder}/{pattern}")
        return
    assert [path.name for path in paths_of(f"{folder}/{pattern}")] == names


@pytest.mark.parametrize("span", ["{9..1}", "{0..99999999}"])
def test_a_range_that_makes_no_sense_is_refused(folder, span):
    with pytest.raises(DataError, match="is no range of at most"):
        paths_of(f"{folder}/s-{span}.tar")


def test_a_folder_stands_for_its_files(folder):
    assert [path.name for path in files_below(folder / "deep", (".tar",))] == ["a.TAR"]
    assert files_below(folder / "b.txt", (".tar",)) == [folder / "b.txt"]
    with pytest.raises(DataError, match="neither a file nor a folder"):
        files_below(folder / "none", (".tar",))
