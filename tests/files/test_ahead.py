"""Work in order, a little ahead, in threads where parts take long."""

import threading

import pytest

from genharness.files import ahead
from genharness.files.ahead import in_order

ITEMS = [(place, place + 1) for place in range(40)]


@pytest.fixture(params=[0.0, 1e9], ids=["threads", "one"])
def long(request, monkeypatch):
    monkeypatch.setattr(ahead, "LONG", request.param)
    monkeypatch.setattr(ahead.os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    return request.param == 0


def test_results_come_in_order_and_threads_do_what_takes_long(long):
    where = []

    def work(item):
        where.append(threading.current_thread() is threading.main_thread())
        return sum(item)

    assert list(in_order(work, ITEMS, len)) == [sum(item) for item in ITEMS]
    assert where == [True, *[not long] * 39]  # the first tells


def test_what_takes_long_is_done_side_by_side(monkeypatch):
    monkeypatch.setattr(ahead, "LONG", 0.0)
    monkeypatch.setattr(ahead.os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    together = threading.Barrier(3)

    def work(item):
        if item[0] in (1, 2, 3):
            together.wait(30)
        return item

    assert list(in_order(work, ITEMS[:4], len)) == ITEMS[:4]


def test_no_more_is_taken_than_a_little_ahead(long):
    taken = []

    def items():
        for item in ITEMS:
            taken.append(item)
            yield item

    found = in_order(sum, items(), len)
    for _ in range(5):
        next(found)
    assert len(taken) <= 5 + 3 + 1


def test_an_item_of_which_each_part_is_quick_is_not_long_for_its_many_parts(monkeypatch):
    monkeypatch.setattr(ahead, "LONG", 1.0)
    clock = iter(range(0, 1000, 5))
    monkeypatch.setattr(ahead.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(ahead, "_in_threads", lambda *_: pytest.fail("threads"))
    assert list(in_order(len, [range(6)] * 3, len)) == [6, 6, 6]


def test_an_error_comes_where_its_item_stands(long):
    def work(item):
        if item[0] == 7:
            raise ValueError("item 7")
        return item

    found = in_order(work, ITEMS, len)
    assert [next(found) for _ in range(7)] == ITEMS[:7]
    with pytest.raises(ValueError, match="item 7"):
        next(found)


def test_of_nothing_there_is_nothing():
    assert list(in_order(sum, [], len)) == []
