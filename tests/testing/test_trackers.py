"""The built-in trackers keep the contract that is asked of anybody's."""

import dataclasses

import pytest

from genharness.plugin.registry import load_registry
from genharness.testing import tracker_checks
from genharness.testing.check import ConformanceError

SERVICES = ("mlflow", "wandb")
"""They start a database and a service: seconds each."""


def marked(check):
    service = str(check).startswith(SERVICES) and "follows" in str(check)
    package = pytest.mark.filterwarnings("ignore")  # theirs warn of one another
    return pytest.param(check, marks=(pytest.mark.slow, package) if service else ())


@pytest.mark.parametrize("check", [marked(one) for one in tracker_checks(load_registry().trackers.values())], ids=str)
def test_built_in_trackers(check):
    for name in (*SERVICES, "tensorboard"):
        if str(check).startswith(name) and "follows" in str(check):
            pytest.importorskip(name)
    check()


@pytest.mark.parametrize(("argument", "reason"), [("nowhere", "is no option"), ("many", "holds no text")])
def test_an_argument_that_is_no_option_of_text_is_found(argument, reason):
    from genharness import option

    @dataclasses.dataclass(frozen=True)
    class Config:
        many: int = option(3, help="how many")

    spec = dataclasses.replace(load_registry().trackers.find("jsonl"), config=Config, argument=argument)
    with pytest.raises(ConformanceError, match=reason):
        tracker_checks(spec)[0]()
