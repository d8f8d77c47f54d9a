"""Times of several machines are not read as those of models."""

import pytest

from board_records import record
from genharness.board.build import build
from genharness.plugin.registry import load_registry


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def notes(registry, environments):
    records = [record(model, 3.0) for model in ("vae", "gan", "ae", "wgan")]
    for one, environment in zip(records, environments, strict=False):
        one.environment = environment
    return [note for group in build(records, registry).groups for note in group.notes if "machines" in note]


def test_machines_are_told_apart_by_their_names_and_where_those_are_not_given_away_by_what_they_are(registry):
    first, second = {"cpu": "Xeon", "gpu": None}, {"cpu": "Xeon", "gpu": "H100"}
    (told,) = notes(registry, [first, second, first, second])
    assert told == "times and memory were measured on 2 machines (H100, Xeon): compare them within one"
    (told,) = notes(registry, [{"hostname": name, "cpu": "Xeon"} for name in ("a", "b", "c", "a")])
    assert told.startswith("times and memory were measured on 3 machines (Xeon)")


def test_one_machine_and_records_that_tell_of_none_are_no_matter(registry):
    assert not notes(registry, [{"hostname": "a", "cpu": "Xeon"}] * 4)
    assert not notes(registry, [{}] * 4)
    assert not notes(registry, [{}, {"hostname": "a"}])


def test_a_name_is_shown_as_data_and_of_many_kinds_a_few(registry):
    (told,) = notes(registry, [{"cpu": f"\x1b[31m{number}"} for number in range(4)])
    assert "\x1b" not in told
    assert told.count("[31m") == 3
    assert "and 1 more" in told
