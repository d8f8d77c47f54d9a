"""The loop: how long it trains, and what it does between steps."""

from contextlib import contextmanager

import pytest
import torch

from genharness.engine.average import WeightAverage
from genharness.engine.feed import Feeder
from genharness.engine.loop import Trainer
from genharness.errors import RunError
from genharness.kit import GenerativeModel
from genharness.spec.history import History
from genharness.spec.length import parse_length
from genharness.testing.synthetic import synthetic_data

CPU = torch.device("cpu")


class SimulatedClock:
    """A clock on which steps take as long as the model says."""

    def __init__(self):
        self.seconds = self.now = 0.0

    @contextmanager
    def running(self):
        start = self.now
        yield
        self.seconds += self.now - start


class Costly(GenerativeModel):
    """Does nothing, for as many simulated seconds as `cost` says of a step."""

    def __init__(self, clock, cost):
        super().__init__(None, None)
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.clock, self.cost, self.seen = clock, cost, []

    def training_step(self, batch):
        self.seen.append(batch)
        self.clock.now += self.cost(batch)
        return {"loss": torch.tensor(float(batch.step))}


def trained(length, cost):
    clock = SimulatedClock()
    model = Costly(clock, cost)
    trainer = Trainer(
        model=model,
        feeder=Feeder(synthetic_data(), 16, seed=0, device=CPU),
        average=WeightAverage(model, None),
        length=parse_length(length),
        precision="fp32",
        clock=clock,
    )
    quiet = {"on_progress": lambda progress: None, "on_pause": lambda: None, "on_score": lambda: None}
    trainer.train(**quiet, should_stop=lambda: False, checkpoint_seconds=1e9)
    return trainer


def alternating(fast, slow, period):
    return lambda batch: fast if batch.step % period else slow


COSTS = {
    "even": lambda batch: 0.01,
    "slow": lambda batch: 1.0,
    "longer than the budget": lambda batch: 20.0,
    "a generator in one step of five": alternating(0.2, 0.6, 5),
    "a first step that loads a compiler": lambda batch: 2.0 if batch.step == 0 else 0.03,
    "a second phase that is slower": lambda batch: 0.1 if batch.progress < 0.5 else 0.3,
    "ever slower": lambda batch: 0.01 + 0.002 * batch.step,
}


@pytest.mark.parametrize("budget", [3, 10, 60])
@pytest.mark.parametrize("cost", COSTS.values(), ids=COSTS)
def test_a_budget_in_seconds_is_kept_to_five_per_cent_or_two_steps(budget, cost):
    trainer = trained(f"{budget}s", cost)
    last = trainer.model.seen[-1]
    allowed = max(0.05 * budget, 2 * cost(last))
    assert budget <= trainer.clock.seconds <= budget + allowed


def test_progress_runs_from_zero_towards_one_by_the_clock():
    progress = [batch.progress for batch in trained("10s", COSTS["even"]).model.seen]
    assert progress == sorted(progress)
    assert progress[0] == 0
    assert 0.95 < progress[-1] < 1


@pytest.mark.parametrize(("length", "points"), [("40steps", 40), ("1000steps", 200), ("20s", 220)])
def test_a_loss_curve_has_about_two_hundred_points_at_most(length, points):
    history = trained(length, COSTS["even"]).history
    assert 40 <= len(history.losses["step"]) <= points


def test_a_point_is_the_mean_over_the_steps_since_the_one_before():
    history = trained("400steps", COSTS["even"]).history
    assert history.losses["step"][:3] == [2, 4, 6]
    assert history.losses["loss"][:3] == [0.5, 2.5, 4.5]


def losses_of(named, history=None):
    """Return the trainer of a model that names its losses as `named` gives them at a step."""

    class Naming(Costly):
        def training_step(self, batch):
            super().training_step(batch)
            return {name: torch.tensor(float(value)) for name, value in named(batch.step).items()}

    model = Naming(SimulatedClock(), lambda batch: 0.0)
    trainer = Trainer(
        model=model,
        feeder=Feeder(synthetic_data(), 16, seed=0, device=CPU),
        average=WeightAverage(model, None),
        length=parse_length("6steps"),
        precision="fp32",
        clock=model.clock,
        score_steps=3,
        history=history or History(),
    )
    quiet = {"on_progress": lambda progress: None, "on_pause": lambda: None, "on_score": lambda: None}
    trainer.train(**quiet, should_stop=lambda: False, checkpoint_seconds=1e9)
    return trainer.history.losses


def test_losses_are_told_apart_by_their_names_in_whatever_order_they_come():
    swapped = losses_of(lambda step: {"a": 1, "b": 100} if step % 2 else {"b": 100, "a": 1})
    assert set(swapped["a"]) == {1.0}
    assert set(swapped["b"]) == {100.0}


@pytest.mark.parametrize(
    "named",
    [
        lambda step: {"critic": 1} if step % 5 else {"critic": 1, "generator": 2},
        lambda step: {"a": 1} if step % 2 else {"b": 2},
    ],
)
def test_losses_of_other_names_than_the_first_are_refused(named):
    with pytest.raises(RunError, match=r"and before .*: name the same ones at each step"):
        losses_of(named)


def test_names_are_those_of_before_where_training_goes_on():
    with pytest.raises(RunError, match="named its losses loss, and before kl: name the same ones"):
        losses_of(lambda step: {"loss": 1}, History(losses={"step": [1], "kl": [2.0]}))


@pytest.mark.parametrize("name", [1, None, "step"])
def test_a_name_that_no_curve_can_have_is_refused(name):
    with pytest.raises(RunError, match=f"training_step named a loss {name!r}: a name must be text"):
        losses_of(lambda step: {name: 1})
