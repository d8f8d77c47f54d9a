"""The same data under several names is one dataset."""

from dataclasses import replace

import pytest

from board_records import record, rendered
from genharness.board.build import build
from genharness.board.data_names import DataNames
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.spec.protocol import Protocol


def of_content(content, model, fid, *, dataset, seed=0, **changes):
    made = record(model, fid, dataset=dataset, seed=seed)
    protocol = replace(Protocol.from_plain(made.protocol), dataset_hash=content)
    return replace(made, protocol=protocol.as_plain(), protocol_hash=protocol.hash, **changes)


COPIES = [
    of_content("abc", "vae", 1.0, dataset="folder:/a"),
    of_content("abc", "gan", 2.0, dataset="folder:/other/a"),
    of_content("xyz", "vae", 3.0, dataset="folder:/b"),
]


def boards(records, **asked):
    return build(records, load_registry(), **asked).groups


def test_names_of_one_content_are_one_table_and_that_is_said():
    one, other = boards(COPIES)
    assert (one.dataset, [row.model for row in one.rows]) == ("folder:/a", ["vae", "gan"])
    assert "folder:/a, folder:/other/a hold the same data, and stand in one table" in one.notes
    assert (other.dataset, other.names) == ("folder:/b", ("folder:/b",))
    assert not any("same data" in note for note in other.notes)


@pytest.mark.parametrize("name", ["folder:/a", "folder:/other/a"])
def test_either_name_can_be_asked_for(name):
    (group,) = boards(COPIES, datasets=(name,))
    assert len(group.rows) == 2
    with pytest.raises(ConfigError, match="no results for the dataset 'folder:/c'"):
        boards(COPIES, datasets=("folder:/c",))


def test_a_seed_that_was_run_under_both_names_counts_once():
    again = of_content("abc", "vae", 5.0, dataset="folder:/other/a", finished_at="2030")
    (group,) = boards([*COPIES[:2], again])
    assert {row.model: (row.seeds, row.estimates["fid"].mean) for row in group.rows} == {
        "gan": ([0], 2.0),
        "vae": ([0], 5.0),
    }
    assert any("under another name of the data" in note for note in group.notes)


def test_seeds_under_two_names_make_one_row():
    records = [of_content("abc", "vae", seed, dataset=f"folder:/{seed % 2}", seed=seed) for seed in range(4)]
    ((row,),) = (group.rows for group in boards(records))
    assert row.seeds == [0, 1, 2, 3]
    assert row.variation == ""


def test_a_cell_that_failed_is_of_the_data_that_its_name_stands_for():
    lost = replace(record("gan", None, dataset="folder:/other/a", seed=1), status="failed", reason="x")
    (group,) = boards([*COPIES[:2], lost])
    assert [row.failed for row in group.rows if row.model == "gan"] == [1]


def test_without_a_hash_or_with_several_a_name_stands_for_itself():
    changed = [of_content(content, "vae", 1.0, dataset="folder:/a") for content in ("old", "new")]
    names = DataNames.of([*changed, of_content("new", "vae", 1.0, dataset="folder:/b"), record("vae", 1.0)])
    assert names.homes == {"folder:/a": "folder:/a", "folder:/b": "folder:/b", "digits": "digits"}


def test_json_holds_what_is_said_of_columns_too():
    assert "hold the same data" in rendered(COPIES, "json")
