"""What is prepared in the user's data folder."""

from __future__ import annotations

from genharness.data import data_home, ensure_prepared, prepared_datasets


def test_the_catalogue_names_damaged_folders(toy):
    data = ensure_prepared(toy.spec, "toy")
    (data.folder / "meta.json").write_text("nonsense")
    good, bad = prepared_datasets()
    assert good == []
    assert list(bad) == [data.folder]


def test_every_variant_is_listed_by_name_and_what_is_being_made_is_not(toy):
    for reference in ("toy@4", "toy"):
        ensure_prepared(toy.spec, reference)
    (data_home() / ".toy-being-made").mkdir()
    good, bad = prepared_datasets()
    assert [data.name for data in good] == ["toy", "toy@4"]
    assert not bad


def test_before_anything_is_prepared_there_is_nothing():
    assert prepared_datasets() == ([], {})
