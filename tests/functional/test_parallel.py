"""Work side by side: on as many threads as are asked for, each serial."""

from __future__ import annotations

import threading

import pytest
import torch

from feature_sets import gaussians
from genharness.functional import parallel
from genharness.functional.prdc import knn_radii, nearest, prdc


def test_threads_change_neither_answers_nor_the_number_of_threads():
    real, fake = gaussians(1200, 1100, 20)
    before = torch.get_num_threads()
    try:
        answers = []
        for workers in (1, 3):
            parallel.use_workers(workers)
            answers.append((prdc(real, fake), knn_radii(real, 5).tolist(), nearest(fake, real, 2)[1].tolist()))
            assert torch.get_num_threads() == before
    finally:
        parallel.use_workers(None)
    assert answers[0] == answers[1]


def test_what_runs_side_by_side_starts_no_threads_of_its_own():
    cpu = torch.device("cpu")

    def inner(task):
        return threading.get_ident()

    def outer(task):
        return threading.get_ident(), parallel.side_by_side(inner, range(3), cpu), torch.get_num_threads()

    parallel.use_workers(2)
    try:
        for own, inside, threads in parallel.side_by_side(outer, range(4), cpu):
            assert inside == [own] * 3
            assert threads == 1
        assert threading.get_ident() not in parallel.side_by_side(inner, range(4), cpu)
    finally:
        parallel.use_workers(None)


def test_a_mistake_on_a_thread_is_raised():
    def fail(task):
        raise ZeroDivisionError(task)

    with pytest.raises(ZeroDivisionError, match="3"):
        parallel.side_by_side(fail, [3], torch.device("cpu"))
