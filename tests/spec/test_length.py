"""How long a model is trained."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genharness.errors import ConfigError
from genharness.spec.length import LONGEST, Length, parse_length


@pytest.mark.parametrize(
    ("text", "steps"),
    [("400steps", 400), ("1step", 1), ("2epochs", 6), ("0.5epochs", 2), ("1kimg", 32), ("0steps", 0), (" 3 steps ", 3)],
)
def test_a_length_is_so_many_steps_of_a_batch(text, steps):
    assert parse_length(text).steps(train_count=100, batch_size=32) == steps


def test_an_epoch_is_at_least_one_step():
    assert parse_length("3epochs").steps(train_count=10, batch_size=32) == 3


def test_only_the_clock_knows_the_steps_of_seconds():
    assert parse_length("90s").steps(train_count=100, batch_size=32) is None


def test_only_a_count_of_operations_knows_the_steps_of_flops():
    budget = parse_length("2e15flops")
    assert budget == Length(2e15, "flops")
    assert budget.steps(train_count=100, batch_size=32) is None
    assert budget.in_steps(1e13) == Length(200, "steps")
    assert budget.in_steps(0.9999e13) == Length(201, "steps")
    assert Length(1, "flops").in_steps(1e9) == Length(1, "steps")


@pytest.mark.parametrize("text", ["400steps", "20epochs", "0.5epochs", "200kimg", "90s", "2e15flops", "123.5flops"])
def test_a_length_reads_back_what_it_prints(text):
    assert str(parse_length(str(parse_length(text)))) == text


@pytest.mark.parametrize(
    "text", ["", "fast", "400", "-1steps", "4 weeks", "1e3steps", "2.5steps", "2e3kimg", "e15flops", "2e1234flops"]
)
def test_what_is_no_length_is_refused_by_its_text(text):
    with pytest.raises(ConfigError, match="budget"):
        parse_length(text)


@pytest.mark.parametrize("text", ["9" * 400 + "steps", "1000000000001s", "9" * 5000 + "kimg"])
def test_an_absurd_length_is_refused_in_a_short_line(text):
    with pytest.raises(ConfigError, match="it must be at most 1,000,000,000,000") as caught:
        parse_length(text)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("text", ["1.1e30flops", "1e999flops", "9" * 400 + "flops"])
def test_absurdly_many_operations_are_refused_in_a_short_line(text):
    with pytest.raises(ConfigError, match="it must be at most 1e30flops") as caught:
        parse_length(text)
    assert len(str(caught.value)) < 250


@given(st.floats(1, 1e29))
def test_operations_that_are_written_can_be_read_again(amount):
    assert parse_length(str(Length(amount, "flops"))).amount == pytest.approx(amount)


@given(st.integers(0, LONGEST), st.sampled_from(["steps", "epochs", "kimg", "s"]))
def test_a_whole_length_is_written_as_it_is_read(amount, unit):
    assert str(parse_length(f"{amount}{unit}")) == f"{amount}{unit}"


@given(st.floats(0.001, 1e9), st.sampled_from(["epochs", "kimg", "s"]))
def test_a_length_that_is_written_can_be_read_again(amount, unit):
    assert parse_length(str(Length(amount, unit))).amount == pytest.approx(amount)
