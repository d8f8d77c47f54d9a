"""Estimates follow budget, options, size and batch; a record of the same cell is the estimate."""

import dataclasses

import pytest

from genharness.plugin.registry import load_registry
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record
from genharness.study.estimate import Estimator, StepWork

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


def uncounted(cell):
    return None


def seconds(cell, *records, count=uncounted, **options):
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
HEAVY = {"step_flops": 1e8}
CALL, RATE = 1.3e-5, 5e10
"""What a call of a kernel takes, and how many operations a thread does in a second."""


def counts(**of_width):
    """Return a counter that knows the work of a step by the width of the network."""
    return lambda cell: of_width[f"width{cell.options['width']}"]


def usual(flops, calls, batch=32):
    return calls * CALL + flops * batch / RATE


def test_other_options_take_as_much_longer_as_their_operations_and_calls_would():
    count = counts(width24=StepWork(1e8, 400), width48=StepWork(4e8, 500))
    more = usual(4e8, 500) / usual(1e8, 400)
    assert seconds(WIDE, record(**HEAVY), count=count) == pytest.approx(8 + 40 * more)
    batch = usual(1e8, 400, batch=64) / usual(1e8, 400)
    assert 1 < batch < 2
    assert seconds(changed(batch_size=64), record(**HEAVY), count=count) == pytest.approx(8 + 40 * batch)


def test_a_step_of_many_calls_hardly_gets_longer_and_one_of_large_products_does():
    deep = counts(width24=StepWork(1e4, 4000), width48=StepWork(1e5, 4000))
    assert seconds(WIDE, record(**HEAVY), count=deep) == pytest.approx(48, rel=0.01)
    broad = counts(width24=StepWork(1e9, 40), width48=StepWork(1e10, 40))
    assert seconds(WIDE, record(**HEAVY), count=broad) == pytest.approx(8 + 400, rel=0.01)


def test_a_small_step_is_told_by_the_record_of_a_large_one():
    """A tenth of a step at least was taken to be there at any size: digits was told five times over by MNIST."""
    small = counts(width24=StepWork(2.2e7, 255), width48=StepWork(7e4, 160))  # of `dcgan`, 28 pixels and 8
    told = seconds(WIDE, record(**HEAVY, train_seconds=1.8, cell_seconds=9.8), count=small) - 8
    assert told == pytest.approx(0.22, rel=0.1)


def test_a_gpu_hardly_feels_what_a_thread_labours_on():
    count = counts(width24=StepWork(1e8, 400), width48=StepWork(2e8, 400))
    known = Record(cell=changed(device="cuda"), status="ok", measurements={**MEASURED, **HEAVY})
    on_gpu = dataclasses.replace(WIDE, device="cuda")
    assert seconds(on_gpu, known, count=count) == pytest.approx(48, rel=0.06)
    assert seconds(WIDE, known, count=count) > 10 * 48  # the same on a thread, by a record of the GPU
    assert seconds(CELL, known, count=count) == pytest.approx(8 + 40 * usual(1e8, 400) / (400 * CALL), rel=0.06)
    assert seconds(CELL, known) == pytest.approx(48)  # what it is there, where nothing can be counted


def test_the_step_of_a_record_is_counted_once_for_all_cells_that_it_tells():
    asked = []

    def count(cell):
        asked.append(cell)
        return StepWork(1e8, 400)

    estimator = Estimator(load_registry(), [record(**HEAVY)], count)
    for width in (48, 96, 192):
        estimator.seconds(changed(options={"width": width}))
    assert len(asked) == 1 + 3


def test_operations_are_counted_only_where_they_tell_something():
    def count(cell):
        raise AssertionError

    seconds(CELL, record(**HEAVY), count=count)
    seconds(WIDE, record(), count=count)
    seconds(WIDE, count=count)
    assert seconds(WIDE, record(**HEAVY)) == seconds(WIDE, record()) == pytest.approx(48)
    budget = changed(length="6.4e9flops")
    assert seconds(budget, count=lambda cell: StepWork(1e6, 400)) > 6  # 200 steps, as the recipe has them


def test_an_epoch_of_a_part_of_the_data_is_shorter():
    whole, part = (seconds(changed(length="1epochs", dataset=name), record()) for name in ("cifar10", "cifar10#500"))
    assert (whole - 8) / (part - 8) == pytest.approx(50_000 // 32 / (500 // 32))


def test_larger_images_and_batches_cost_in_proportion():
    assert seconds(changed(dataset="cifar10@64"), record()) == pytest.approx(3 + 4 * 5 + 4 * 40)
    assert seconds(changed(batch_size=64), record()) == pytest.approx(8 + 2 * 40)


def test_more_samples_take_longer_to_score():
    more = dataclasses.replace(PROTOCOL, sample_count=10_000)
    assert seconds(changed(protocol=more), record()) == pytest.approx(40 + 50 + 3)


def test_drawing_takes_longer_for_more_and_for_heavier_samples_and_timing_it_does_not():
    drawn = record(step_flops=1e6, sample_images_per_second=500.0)  # 1000 samples: 2 of the 3 s that are left
    more = dataclasses.replace(PROTOCOL, sample_count=10_000)
    assert seconds(CELL, drawn) == pytest.approx(48)
    assert seconds(changed(protocol=more), drawn) == pytest.approx(40 + 50 + 20 + 1)
    count = counts(width24=StepWork(1e6, 400), width48=StepWork(3e6, 400))
    scored = seconds(changed(options={"width": 48}), drawn, count=count, trained=True)
    assert scored == pytest.approx(5 + 2 * usual(3e6, 400, batch=512) / usual(1e6, 400, batch=512) + 1)
    assert seconds(CELL, record(sample_images_per_second=1.0)) == pytest.approx(48)  # no more than there is


def test_timing_takes_longer_for_a_heavier_sample_and_not_longer_than_it_may():
    timed = record(step_flops=1e6, latency_p50_ms=5.0, latency_calls=100.0)  # latency, and throughput likewise: 1 s
    for calls, factor in ((800, 2), (8_000_000, 40)):
        count = counts(width24=StepWork(0.0, 400), width48=StepWork(0.0, calls))
        scored = seconds(changed(options={"width": 48}), timed, count=count, trained=True)
        assert scored == pytest.approx(5 + 2 + factor)


def test_extracting_features_of_larger_images_takes_longer_but_where_all_are_resized_alike():
    larger, resized = changed(dataset="cifar10@64"), Protocol(extractor="inception", sample_count=1000)
    assert seconds(larger, record(), trained=True) == pytest.approx(3 + 4 * 5)
    known = record(changed(protocol=resized))
    assert seconds(dataclasses.replace(larger, protocol=resized), known, trained=True) == pytest.approx(3 + 5)


def test_rows_of_a_table_take_what_a_small_network_takes_whatever_images_take():
    rows = changed(dataset="breast-cancer", options={})
    times = {model: seconds(dataclasses.replace(rows, model=model)) for model in ("gan", "vae", "realnvp")}
    assert times == dict.fromkeys(times, pytest.approx(6 + 100 * 0.01))
    known = record(dataclasses.replace(rows, model="vae"))
    assert seconds(dataclasses.replace(rows, model="vae", length="300steps"), known) == pytest.approx(8 + 120)


def test_the_smallest_images_take_no_less_than_a_step_takes():
    tiny, full = (seconds(changed(dataset=name)) - 6 for name in ("digits", "mnist"))
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


def test_what_the_first_steps_take_is_not_taken_for_what_every_step_takes():
    """A trial of some steps was mostly its first one, and a whole training was estimated by it three times over."""
    short = record(train_steps=20.0, train_seconds=4.0, cell_seconds=12.0, steady_images_per_second=320.0)  # 0.1 s each
    assert seconds(changed(length="20steps"), short) == pytest.approx(12)
    assert seconds(changed(length="1000steps"), short) == pytest.approx(8 + 2 + 1000 * 0.1)
    uneven = record(train_seconds=100.0, cell_seconds=108.0, steady_images_per_second=64.0)  # 50 s beyond steady steps
    assert seconds(changed(length="200steps"), uneven) == pytest.approx(8 + 3 + 200 * 0.97)
    faster = record(steady_images_per_second=32.0)
    assert seconds(changed(length="200steps"), faster) == pytest.approx(88)
    assert seconds(changed(length="0steps"), short) == pytest.approx(8)


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
