import os

import pytest
import torch

from genharness.engine.threads import thread_count, threads_settled
from genharness.spec.plugins import DataShape

SMALL, LARGE, TABLE = DataShape("image", (1, 28, 28)), DataShape("image", (3, 64, 64)), DataShape("tabular", (30,))


@pytest.mark.parametrize("shape", [SMALL, TABLE])
def test_small_samples_are_computed_on_one_thread(shape):
    assert thread_count(shape) == 1


def test_larger_images_share_the_cores_among_the_jobs():
    assert thread_count(LARGE) == os.cpu_count()
    assert thread_count(LARGE, jobs=10_000) == 1


def test_what_the_user_asks_for_stands():
    assert thread_count(SMALL, wanted=3) == 3


def test_a_settled_block_leaves_the_threads_as_they_were():
    before = torch.get_num_threads()
    with threads_settled(SMALL):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
