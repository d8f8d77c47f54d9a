"""What is drawn from a model, and what is refused."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from genharness.engine.sampler import BATCH, Sampler, check_samples, class_shares, draw_labels, quantise
from genharness.errors import RunError
from genharness.spec.plugins import DataShape

IMAGES, TABLE = DataShape("image", (3, 8, 8)), DataShape("tabular", (4,))
NOTHING_WRONG = torch.zeros(5, 3, 8, 8)


class Echo(nn.Module):
    """Gives what its generator gives, and remembers what it was asked for."""

    def __init__(self, data=IMAGES):
        super().__init__()
        self.data, self.device, self.asked = data, torch.device("cpu"), []

    def sample(self, n, *, labels, generator):
        self.asked.append((n, None if labels is None else labels.tolist()))
        return torch.rand(n, *self.data.shape, generator=generator) * 2 - 1


def test_samples_depend_on_the_seed_alone():
    draw = Sampler(Echo(), "echo", "fp32").draw
    assert np.array_equal(draw(7, seed=1), draw(7, seed=1))
    assert not np.array_equal(draw(7, seed=1), draw(7, seed=2))


def test_images_are_uint8_and_rows_float32():
    assert Sampler(Echo(), "echo", "fp32").draw(3, seed=0).dtype == np.uint8
    assert Sampler(Echo(TABLE), "echo", "fp32").draw(3, seed=0).dtype == np.float32


def test_many_samples_come_in_batches_with_their_own_labels():
    model, done = Echo(), []
    labels = np.arange(BATCH + 3) % 10
    Sampler(model, "echo", "fp32").draw(BATCH + 3, seed=0, labels=labels, on_progress=done.append)
    assert model.asked == [(BATCH, labels[:BATCH].tolist()), (3, labels[BATCH:].tolist())]
    assert done == [BATCH, BATCH + 3]


def test_every_grey_level_survives_the_way_to_a_model_and_back():
    levels = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(quantise(levels.float() * (2 / 255) - 1), levels)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((5, 3, 8, 8)), "must return a tensor"),
        (NOTHING_WRONG[:4], "4 samples where 5"),
        (NOTHING_WRONG[:, :1], "shape"),
        (torch.full_like(NOTHING_WRONG, torch.nan), "NaN"),
        (NOTHING_WRONG + 1.01, "must be in"),
    ],
)
def test_samples_that_break_the_contract_are_refused(samples, message):
    check_samples(NOTHING_WRONG, 5, IMAGES, "toy")
    with pytest.raises(RunError, match=message):
        check_samples(samples, 5, IMAGES, "toy")


@pytest.mark.parametrize("n", [1, 7, 100, 1001])
def test_labels_have_the_training_splits_shares_as_exactly_as_their_number_allows(n):
    shares = class_shares(np.repeat([0, 1, 3], [50, 30, 20]), 5)
    counts = np.bincount(draw_labels(n, shares, seed=0), minlength=5)
    assert counts.sum() == n
    assert (abs(counts - shares * n) < 1).all()
    assert counts[[2, 4]].sum() == 0


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (torch.zeros(5, 4, dtype=torch.complex64), "returned complex numbers"),
        (torch.zeros(5, 4).to_sparse(), "returned a tensor of layout torch.sparse_coo"),
        (torch.zeros(5, 4, device="meta"), "returned a tensor without values"),
        (torch.tensor(1.0), r"returned shape \(\): it must be \(5, 4\)"),
    ],
)
def test_what_no_rows_can_be_made_of_is_refused_in_a_line(samples, said):
    with pytest.raises(RunError, match=rf"toy\.sample {said}"):
        check_samples(samples, 5, TABLE, "toy")


@pytest.mark.parametrize("data", [IMAGES, TABLE], ids=["images", "table"])
def test_a_model_may_fill_one_buffer_again_and_again(data):
    class Reusing(Echo):
        buffer = torch.empty(BATCH, *data.shape)

        def sample(self, n, **rest):
            return self.buffer[:n].copy_(super().sample(n, **rest))

    drawn = [Sampler(model, "toy", "fp32").draw(2 * BATCH, seed=0) for model in (Reusing(data), Echo(data))]
    np.testing.assert_array_equal(*drawn)


def test_a_sampler_that_changes_the_process_is_named_and_the_process_is_as_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    class Going(Echo):
        def sample(self, n, **rest):
            os.chdir("/")
            return super().sample(n, **rest)

    with pytest.raises(RunError, match=r"^toy\.sample changed the working directory"):
        Sampler(Going(), "toy", "fp32").draw(3, seed=0)
    assert Path.cwd() == tmp_path


def test_a_sampler_may_seed_the_random_numbers_of_torch():
    class Seeding(Echo):
        def sample(self, n, **rest):
            torch.manual_seed(5)
            return super().sample(n, **rest)

    assert len(Sampler(Seeding(), "toy", "fp32").draw(3, seed=0)) == 3
