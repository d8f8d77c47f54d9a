"""What models must leave alone and be able to give."""

import os
from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from genharness.engine.manners import SharedState, refuse_unsaveable
from genharness.errors import RunError


@pytest.fixture(autouse=True)
def _as_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = SharedState.now()
    yield
    state.restore()


def test_nothing_changed_is_nothing_said():
    state = SharedState.now()
    torch.rand(3)
    state.refuse_change("a model")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: torch.set_default_dtype(torch.float64), "the default dtype from torch.float32 to torch.float64"),
        (lambda: torch.set_num_threads(torch.get_num_threads() + 1), "the number of threads from"),
        (lambda: os.chdir("/"), "the working directory from"),
        (lambda: torch.set_grad_enabled(False), "whether gradients are recorded from True to False"),
        (lambda: torch.manual_seed(123456), "the seed of torch's random numbers from"),
        (lambda: torch.use_deterministic_algorithms(True), "whether algorithms must be deterministic from False"),
    ],
)
def test_what_the_process_shares_is_named_and_set_back(change, message):
    state = SharedState.now()
    change()
    with pytest.raises(RunError) as caught:
        state.refuse_change("vae's training_step")
    assert str(caught.value).startswith(f"vae's training_step changed {message}")
    now = SharedState.now()
    assert (now.dtype, now.threads, now.folder, now.gradients) == (
        state.dtype,
        state.threads,
        state.folder,
        state.gradients,
    )


def test_a_folder_that_is_gone_is_no_obstacle(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    Path(tmp_path / "gone").rmdir()
    state = SharedState.now()
    assert state.folder is None
    state.refuse_change("a model")


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"adam": torch.optim.Adam([torch.nn.Parameter(torch.zeros(2))]).state_dict()},
        {"step": 3, "name": "x", "rates": [0.1, None, True], "pair": (1, 2), "ordered": OrderedDict(a=torch.ones(2))},
    ],
)
def test_what_a_checkpoint_can_hold_passes(state):
    refuse_unsaveable(state, "vae")


class Own:
    pass


@pytest.mark.parametrize(
    "value", [lambda: 0, Own(), open, Path("x"), (one for one in "ab")], ids=lambda value: type(value).__name__
)
def test_what_it_cannot_is_refused(value):
    with pytest.raises(RunError, match=r"vae\.training_state holds what a checkpoint cannot"):
        refuse_unsaveable({"inner": {"state": [value]}}, "vae")


def test_what_contains_itself_is_refused():
    endless = {}
    endless["self"] = endless
    with pytest.raises(RunError, match="what a checkpoint cannot"):
        refuse_unsaveable(endless, "vae")


def test_algorithms_that_only_warned_go_on_to_only_warn():
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        state = SharedState.now()
        torch.use_deterministic_algorithms(True)
        with pytest.raises(
            RunError, match="whether algorithms that are not deterministic only warn from True to False"
        ):
            state.refuse_change("a metric")
        assert torch.is_deterministic_algorithms_warn_only_enabled()
    finally:
        torch.use_deterministic_algorithms(False)
