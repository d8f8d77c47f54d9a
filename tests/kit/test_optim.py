"""Optimisers and schedules."""

from __future__ import annotations

import pytest
import torch

from genharness.kit import optim


def test_adam_steps_as_torchs_unfused_adam_does():
    start = torch.linspace(-1, 1, 7)
    ours, theirs = (start.clone().requires_grad_() for _ in range(2))
    fused = optim.adam([ours], 0.01, (0.5, 0.9))
    plain = torch.optim.Adam([theirs], lr=0.01, betas=(0.5, 0.9), fused=False, foreach=False)
    for _ in range(5):
        for parameter, optimiser in ((ours, fused), (theirs, plain)):
            optimiser.zero_grad()
            parameter.pow(3).sum().backward()
            optimiser.step()
    torch.testing.assert_close(ours, theirs)


def test_adam_is_fused_on_the_cpu():
    assert optim.adam([torch.zeros(2, requires_grad=True)], 0.1).defaults["fused"] is True


def test_minimise_forgets_the_gradients_of_the_step_before():
    x = torch.tensor(3.0, requires_grad=True)
    optimiser = torch.optim.SGD([x], lr=0.5)
    optim.minimise(optimiser, x)
    optim.minimise(optimiser, x)
    assert x.item() == pytest.approx(2.0)


def test_set_learning_rate_reaches_every_group():
    groups = [{"params": [torch.zeros(1, requires_grad=True)]} for _ in range(2)]
    optimiser = torch.optim.SGD(groups, lr=1.0)
    optim.set_learning_rate(optimiser, 0.25)
    assert [group["lr"] for group in optimiser.param_groups] == [0.25, 0.25]


@pytest.mark.parametrize(("progress", "rate"), [(0.0, 2.0), (0.5, 1.0), (0.75, 0.5)])
def test_linear_decay_is_a_straight_line_to_zero(progress, rate):
    assert optim.linear_decay(2.0, progress) == pytest.approx(rate)


def test_linear_decay_waits_for_its_start():
    assert optim.linear_decay(2.0, 0.4, start=0.5) == 2.0
    assert optim.linear_decay(2.0, 0.75, start=0.5) == pytest.approx(1.0)
    assert [optim.linear_decay(2.0, progress, start=1.0) for progress in (0.0, 0.9, 1.0)] == [2.0, 2.0, 2.0]


def test_cosine_decay_is_half_way_down_at_half_time():
    assert optim.cosine_decay(2.0, 0.0) == 2.0
    assert optim.cosine_decay(2.0, 0.5) == pytest.approx(1.0)


def test_linear_warmup_reaches_the_rate_and_stays():
    assert [optim.linear_warmup(1.0, step, 4) for step in (0, 1, 3, 9)] == [0.25, 0.5, 1.0, 1.0]
    assert optim.linear_warmup(1.0, 0, 0) == 1.0


def test_longer_gradients_are_shortened_to_the_norm_and_shorter_ones_left():
    for scale, expected in ((100.0, 1.5), (0.001, 0.005)):
        weights = [torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(1))]
        optim.minimise(torch.optim.SGD(weights, 1.0), scale * (3 * weights[0][0] + 4 * weights[1][0]), clip=1.5)
        moved = torch.cat([weight.detach() for weight in weights])
        assert float(moved.norm()) == pytest.approx(expected, rel=1e-4)
        assert moved.tolist() == pytest.approx([-0.6 * expected, 0.0, -0.8 * expected], rel=1e-4)


@pytest.mark.parametrize(
    ("name", "peer"),
    [
        ("adam", lambda x: torch.optim.Adam([x], lr=0.1, betas=(0.3, 0.8))),
        ("adamw", lambda x: torch.optim.AdamW([x], lr=0.1, betas=(0.3, 0.8))),
        ("rmsprop", lambda x: torch.optim.RMSprop([x], lr=0.1, alpha=0.8)),
        ("sgd", lambda x: torch.optim.SGD([x], lr=0.1, momentum=0.3)),
    ],
)
def test_an_optimiser_is_made_by_its_name(name, peer):
    start = torch.linspace(-1, 1, 7)
    ours, theirs = (start.clone().requires_grad_() for _ in range(2))
    for x, optimiser in ((ours, optim.optimiser(name, [ours], 0.1, (0.3, 0.8))), (theirs, peer(theirs))):
        for _ in range(3):
            optim.minimise(optimiser, x.pow(3).sum())
    torch.testing.assert_close(ours, theirs)


def test_a_schedule_is_chosen_by_its_name():
    rates = [optim.scheduled(2.0, 0.75, name) for name in ("constant", "linear", "cosine")]
    assert rates == pytest.approx([2.0, 0.5, optim.cosine_decay(2.0, 0.75)])
