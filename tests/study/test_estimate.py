"""Estimates follow budget, options, size and batch; a record of the same cell is the estimate."""

import dataclasses

import pytest

from genharness.plugin.registry import load_registry
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record
from genharness.study.estimate import Estimator

PROTOCOL = Protocol(extractor="classifier", sample_count=1000)
CELL = Cell(
    model="dcgan",
    dataset="cifar10",
    seed=0,
    budget="smoke",
    length="100steps",
    batch_size=32,
    protocol=PROTOCOL,
    options={"width": 24},
)
MEASURED = {"train_steps": 100.0, "train_seconds": 40.0, "evaluate_seconds": 5.0, "cell_seconds": 48.0}


def changed(**changes):
    return dataclasses.replace(CELL, **changes)


def record(cell=CELL, **measured):
    return Record(cell=cell, status="ok", measurements={**MEASURED, **measured})


def seconds(cell, *records, count=None, **options):
    return Estimator(load_registry(), records, count).seconds(cell, **options)


def test_a_cell_takes_as_long_as_it_took():
    assert seconds(CELL, record()) == pytest.approx(48)


def test_twice_the_steps_take_twice_the_training():
    assert seconds(changed(length="200steps"), record()) == pytest.approx(88)


def test_a_budget_in_seconds_is_its_own_estimate():
    assert seconds(changed(length="30s"), record()) == pytest.approx(38)


def test_operations_take_the_steps_in_which_they_are_done_and_without_a_count_nobody_knows():
    budget = changed(length="6.4e9flops")  # of 32 samples: 200 steps of a million operations a sample
    assert seconds(budget, record(step_flops=1e6)) == pytest.approx(88)
    assert seconds(budget, record()) is seconds(budget) is None
    assert seconds(budget, record(step_flops=1e6), trained=True) == pytest.approx(8)


WIDE = changed(options={"width": 48})
HEAVY = {"step_flops": 2e8}
"""32 samples: 6.4e9 operations, of which a thread does 3e10 a second: 0.213 s of a step of 0.4 s."""


def test_other_options_take_as_much_longer_as_their_operations_take():
    more = seconds(WIDE, record(**HEAVY), count=lambda cell: 6e8)
    assert more == pytest.approx(8 + 100 * (0.4 + 2 * 6.4e9 / 3e10))
    assert seconds(WIDE, record(**HEAVY), count=lambda cell: 2e8) == pytest.approx(48)
    assert seconds(changed(batch_size=64), record(**HEAVY)) == pytest.approx(8 + 100 * (0.4 + 6.4e9 / 3e10))


def test_a_step_that_does_nearly_nothing_still_takes_what_a_step_takes():
    nothing = seconds(WIDE, record(**HEAVY), count=lambda cell: 1.0)
    assert nothing == pytest.approx(8 + 100 * (0.4 - 6.4e9 / 3e10), rel=1e-6)
    fast = record(step_flops=1e12)  # faster than the rate allows: a tenth is taken to be there at any size
    assert seconds(WIDE, fast, count=lambda cell: 1.0) == pytest.approx(8 + 4, rel=1e-6)


def test_a_gpu_hardly_feels_what_a_thread_labours_on():
    on_gpu = changed(device="cuda")
    known = Record(cell=on_gpu, status="ok", measurements={**MEASURED, **HEAVY})
    assert seconds(dataclasses.replace(WIDE, device="cuda"), known, count=lambda cell: 4e8) == pytest.approx(
        48, rel=0.01
    )


def test_operations_are_counted_only_where_they_tell_something():
    def count(cell):
        raise AssertionError

    seconds(CELL, record(**HEAVY), count=count)
    seconds(WIDE, record(), count=count)
    seconds(WIDE, count=count)
    assert seconds(WIDE, record(**HEAVY), count=lambda cell: None) == seconds(WIDE, record()) == pytest.approx(48)
    assert seconds(changed(length="6.4e9flops"), count=lambda cell: 1e6) > 6  # 200 steps, as the recipe has them


def test_an_epoch_of_a_part_of_the_data_is_shorter():
    whole, part = (seconds(changed(length="1epochs", dataset=name), record()) for name in ("cifar10", "cifar10#500"))
    assert (whole - 8) / (part - 8) == pytest.approx(50_000 // 32 / (500 // 32))


def test_larger_images_and_batches_cost_in_proportion():
    assert seconds(changed(dataset="cifar10@64"), record()) == pytest.approx(8 + 4 * 40)
    assert seconds(changed(batch_size=64), record()) == pytest.approx(8 + 2 * 40)


def test_more_samples_take_longer_to_score():
    more = dataclasses.replace(PROTOCOL, sample_count=10_000)
    assert seconds(changed(protocol=more), record()) == pytest.approx(40 + 50 + 3)


def test_drawing_takes_longer_for_more_and_for_heavier_samples_and_timing_it_does_not():
    drawn = record(step_flops=1e6, sample_images_per_second=500.0)  # 1000 samples: 2 of the 3 s that are left
    more = dataclasses.replace(PROTOCOL, sample_count=10_000)
    assert seconds(CELL, drawn) == pytest.approx(48)
    assert seconds(changed(protocol=more), drawn) == pytest.approx(40 + 50 + 20 + 1)
    scored = seconds(changed(options={"width": 48}), drawn, count=lambda cell: 3e6, trained=True)
    assert scored == pytest.approx(5 + 3 * 2 + 1)
    assert seconds(CELL, record(sample_images_per_second=1.0)) == pytest.approx(48)  # no more than there is


def test_rows_of_a_table_take_what_a_small_network_takes_whatever_images_take():
    rows = changed(dataset="breast-cancer", options={})
    times = {model: seconds(dataclasses.replace(rows, model=model)) for model in ("gan", "vae", "realnvp")}
    assert times == dict.fromkeys(times, pytest.approx(6 + 100 * 0.01))
    known = record(dataclasses.replace(rows, model="vae"))
    assert seconds(dataclasses.replace(rows, model="vae", length="300steps"), known) == pytest.approx(8 + 120)


def test_the_smallest_images_take_no_less_than_a_step_takes():
    tiny, full = (seconds(changed(dataset=name), count=None) - 6 for name in ("digits", "mnist"))
    assert tiny == pytest.approx(0.4 * full)


def test_a_record_of_the_same_options_says_more_than_one_of_others():
    wide = changed(options={"width": 128})
    narrow, broad = record(), record(wide, train_seconds=400.0, cell_seconds=408.0)
    assert seconds(wide, narrow, broad) == pytest.approx(408)
    assert seconds(CELL, broad, narrow) == pytest.approx(48)


def test_of_two_records_that_are_alike_the_longer_training_tells():
    """A smoke run after a trial of two steps was estimated by the trial, whose steps are nearly all first ones."""
    trial = record(changed(length="2steps"), train_steps=2.0, train_seconds=4.0, cell_seconds=12.0)
    for records in ([trial, record()], [record(), trial]):
        assert seconds(CELL, *records) == pytest.approx(48)


def test_another_budgets_recipe_is_scaled_by_how_fast_this_machine_is():
    recipes = load_registry().models.find("dcgan").recipes
    standard = changed(budget="standard", batch_size=128, options={"width": 64})
    ratio = recipes["standard"].step_ms / recipes["smoke"].step_ms
    assert seconds(standard, record()) == pytest.approx(8 + 40 * ratio)


def test_only_scoring_is_left_of_a_trained_cell():
    assert seconds(CELL, record(), trained=True) == pytest.approx(8)


def test_without_a_record_the_recipe_tells():
    step_ms = load_registry().models.find("dcgan").recipes["smoke"].step_ms
    assert seconds(CELL) == pytest.approx(6 + 100 * step_ms / 1000 * 32**2 / 28**2)


def test_a_record_of_another_model_or_of_a_failure_tells_nothing():
    other = record(changed(model="vae"), train_seconds=1e6)
    failed = dataclasses.replace(record(train_seconds=1e6), status="failed")
    assert seconds(CELL, other, failed) == seconds(CELL)


def test_epochs_of_data_of_unknown_size_have_no_estimate():
    assert seconds(changed(dataset="folder:/photos", length="2epochs")) is None


def test_a_row_that_is_not_trained_takes_what_scoring_takes():
    real = changed(model="real", length="0steps", options={})
    assert seconds(real, record(real, train_steps=0.0, train_seconds=0.0, cell_seconds=7.0)) == pytest.approx(7)
