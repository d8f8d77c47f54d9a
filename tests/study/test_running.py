import sys
from pathlib import Path

import pytest

from genharness.errors import ConfigError
from genharness.spec.cell import Settings
from genharness.spec.options import build_config
from genharness.study.running import Running, settings_of

INTERVAL = "must be a positive interval such as 5epochs, 1000steps or 50kimg"


def settings(remote=False, **values):
    return settings_of(build_config("m", Running, values), Path("r"), "cpu", remote=remote)


def test_what_is_not_said_is_as_settings_have_it():
    assert settings() == Settings(results=Path("r"))


def test_text_of_the_command_line_becomes_settings():
    made = settings(jobs="3", threads="2", score_every="5epochs", checkpoint_every="1.5", timeout="60", keep="samples")
    assert (made.jobs, made.threads, made.score_every, made.keep) == (3, 2, "5epochs", "samples")
    assert (made.checkpoint_seconds, made.timeout_seconds) == (1.5, 60)


def test_on_other_machines_as_many_cells_run_as_there_is_room_for():
    assert (settings(remote=True).jobs, settings(remote=True, jobs=2).jobs) == (0, 2)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_an_amount_of_memory_becomes_bytes():
    assert settings(memory_limit="1.5GiB").memory_limit_bytes == 3 * 2**29


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("jobs", "0", "m.jobs=0 is out of range"),
        ("jobs", "1e9", "m.jobs=1e9 is out of range: it must be >= 1, <= 100000"),
        ("jobs", "9" * 400, "is out of range"),
        ("threads", "-1", "is out of range"),
        ("threads", 10**9, "is out of range"),
        ("timeout", "nan", "m.timeout=nan is not a number"),
        ("timeout", "inf", "m.timeout=inf is not a number"),
        ("timeout", "-1", "m.timeout=-1 is out of range: it must be >= 0, <= 1e\\+09"),
        ("timeout", "1e300", "is out of range"),
        ("checkpoint_every", "soon", "is not a number"),
        ("score_samples", "1", "is out of range"),
        ("score_every", "9s", INTERVAL),
        ("score_every", "smoke", INTERVAL),
        ("score_every", "0steps", INTERVAL),
        ("score_every", "9" * 400 + "steps", INTERVAL),
        ("memory_limit", "lots", "is no amount of memory: write it as 512MiB or 4GiB"),
        ("memory_limit", "9" * 400 + "GiB", "is no amount of memory"),
        ("memory_limit", "99999999GiB", "is no amount of memory"),
        ("memory_limit", 4, "is not text"),
        ("keep", "all", "is not one of: checkpoints | samples | nothing"),
        ("deterministic", "maybe", "is not true or false"),
    ],
)
def test_what_cannot_be_is_refused(name, value, message):
    with pytest.raises(ConfigError) as caught:
        settings(**{name: value})
    assert message.replace("\\", "") in str(caught.value)
