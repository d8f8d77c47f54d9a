"""Everything that a run can be asked for, as one Config."""

from pathlib import Path

import pytest

from genharness.spec.options import options_of, read_options
from genharness.study.asked import Beside, Study
from genharness.study.running import Running
from genharness.study.suite import Suite


def test_no_key_of_a_suite_file_has_two_meanings():
    names = [one.name for config in (Suite, Running, Beside) for one in options_of(config)]
    assert len(names) == len(set(names))
    assert set(names) == {one.name for one in options_of(Study)}


def test_a_results_folder_is_one_of_the_current_folder_and_of_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    read = [read_options("s", Study, {"results": text})[0]["results"] for text in ("runs/a", "~/b")]
    assert read == [Path("runs/a"), tmp_path / "b"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"results": ""}, "s.results= is not a path"),
        ({"results": 3}, "s.results=3 is not a path"),
        ({"weights": "absent.pt"}, "s.weights=absent.pt does not exist: absent.pt is no file and no folder"),
        ({"trackers": [1]}, "s.trackers=[1] is not a list of names"),
        ({"fresh": "perhaps"}, "s.fresh=perhaps is not true or false"),
    ],
)
def test_what_does_not_fit_is_one_line(values, message):
    assert read_options("s", Study, values)[1] == [message]
