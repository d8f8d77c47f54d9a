"""What a study is of: its fields as they are read."""

import pytest

from genharness.errors import ConfigError
from genharness.spec.options import read_options
from genharness.study.suite import Suite, parse_seeds


@pytest.mark.parametrize(
    ("given", "seeds"), [("3", (0, 1, 2)), (2, (0, 1)), ("0,7,11", (0, 7, 11)), ([5], (5,)), ("4,5", (4, 5))]
)
def test_seeds_are_a_count_or_a_list(given, seeds):
    assert parse_seeds(given) == seeds


@pytest.mark.parametrize("given", ["", "x", "1.5", "-1", "1,1", "0", [], [1.5], [True], True, "1,", None, {}])
def test_other_seeds_are_refused(given):
    with pytest.raises(ConfigError, match="must be a count"):
        parse_seeds(given)


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("budget", "smoke, 10s,smoke", ("smoke", "10s")),
        ("budget", ["20epochs"], ("20epochs",)),
        ("budget", "20 flops,20flops,20.0flops,2e1flops", ("20flops",)),
        ("budget", "1 step,1steps,01steps", ("1steps",)),
        ("budget", ["1epoch", "1.0 epochs"], ("1epochs",)),
        ("budget", "0.50kimg, 90 s ,90.0s", ("0.5kimg", "90s")),
        ("batch_size", "32,64", (32, 64)),
        ("batch_size", 32, (32,)),
        ("batch_size", [32, "64", 32], (32, 64)),
        ("precision", "fp32,bf16", ("fp32", "bf16")),
    ],
)
def test_budgets_batch_sizes_and_precisions_may_be_several_each_once(name, written, value):
    assert read_options("s", Suite, {name: written}) == ({name: value}, [])


@pytest.mark.parametrize(
    ("name", "written", "message"),
    [
        ("budget", "smoke,0s", "s.budget=smoke,0s holds 0s, which trains nothing: it must be more than 0"),
        ("budget", "0.1flops", "s.budget=0.1flops trains nothing: it must be more than 0"),
        ("budget", "0.00000000000000001s", "s.budget=0.00000000000000001s trains nothing: it must be more than 0"),
        ("budget", "", "s.budget= names no budget"),
        ("batch_size", "32,0", "s.batch_size=32,0 is out of range: it must be >= 1, <= 2147483647"),
        ("batch_size", "x", "s.batch_size=x is not a list of whole numbers such as 64,128"),
        ("precision", "fp32,fp8", "s.precision=fp32,fp8 is not one of: auto | fp32 | tf32 | bf16"),
    ],
)
def test_one_that_does_not_fit_is_named(name, written, message):
    assert read_options("s", Suite, {name: written})[1] == [message]
