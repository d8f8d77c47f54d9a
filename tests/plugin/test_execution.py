import pytest

from genharness.errors import ConfigError, PluginError
from genharness.plugin.execution import find_executor, make_executor, make_tracker
from genharness.plugin.registry import load_registry

PLUGIN = """
from dataclasses import dataclass
from genharness import ExecutorSpec, TrackerSpec, hookimpl, option

@dataclass(frozen=True)
class QueueConfig:
    nodes: int = option(1, low=1, high=9, help="machines to ask for")

@hookimpl
def genharness_executors():
    heavy = "queue_plugin_heavy:Queue"
    return [
        ExecutorSpec(name="queue", summary="Ours", factory=heavy, config=QueueConfig, argument="HOST"),
        ExecutorSpec(name="plain", summary="Takes nothing", factory=heavy),
    ]

@hookimpl
def genharness_trackers():
    return [TrackerSpec(name="diary", summary="Ours", factory="queue_plugin_heavy:Diary", config=QueueConfig)]
"""
HEAVY = """
class Queue:
    def __init__(self, argument, config):
        self.argument, self.config = argument, config

class Diary:
    def __init__(self, config):
        self.config = config
"""


@pytest.fixture
def registry(make_plugin):
    make_plugin("queue-plugin", PLUGIN, heavy=HEAVY)
    return load_registry()


def test_an_executor_gets_its_argument_and_its_own_options(registry):
    made = make_executor(registry, "queue:host:80", {"queue": {"nodes": "3"}, "vae": {"latent": 2}})
    assert (made.argument, made.config.nodes) == ("host:80", 3)


def test_without_settings_the_defaults_are_passed(registry):
    assert make_executor(registry, "queue").config.nodes == 1
    assert make_tracker(registry, "diary").config.nodes == 1


def test_a_tracker_gets_its_own_options(registry):
    assert make_tracker(registry, "diary", {"diary": {"nodes": 2}}).config.nodes == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [({"nodes": 10}, r"queue.nodes=10 is out of range"), ({"nods": 1}, r"no option 'nods'; did you mean 'nodes'\?")],
)
def test_an_option_that_does_not_fit_is_refused(registry, options, message):
    with pytest.raises(ConfigError, match=message):
        make_executor(registry, "queue", {"queue": options})


@pytest.mark.parametrize("text", ["plain:host", "plain:", "queue:"])
def test_an_argument_is_refused_where_none_may_be_or_none_is(registry, text):
    with pytest.raises(ConfigError, match="write "):
        find_executor(registry, text)


def test_an_executor_that_cannot_be_loaded_is_named(make_plugin):
    make_plugin("queue-plugin", PLUGIN)
    with pytest.raises(PluginError, match="queue: cannot load 'queue_plugin_heavy:Queue'"):
        make_executor(load_registry(), "queue")


def test_what_cannot_be_made_is_named_with_the_reason_and_its_line(make_plugin):
    heavy = (
        "class Queue:\n    pass\n\nclass Diary:\n    def __init__(self, config):\n        raise OSError('no room')\n"
    )
    make_plugin("queue-plugin", PLUGIN, heavy=heavy)
    registry = load_registry()
    with pytest.raises(PluginError, match=r"executor queue cannot be made: TypeError: Queue\(\) takes no arguments"):
        make_executor(registry, "queue")
    with pytest.raises(
        PluginError, match=r"tracker diary cannot be made: OSError: no room \(queue_plugin_heavy.py:6\)"
    ):
        make_tracker(registry, "diary")
