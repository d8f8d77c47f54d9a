"""How options are written on a command line."""

import pytest

from genharness.errors import ConfigError
from genharness.spec.flags import RUN_OPTIONS, flag, of_the_run, parse_setting
from genharness.spec.options import options_of
from genharness.study.asked import Study


def test_a_field_is_written_with_dashes():
    assert flag("protocol_seed") == "--protocol-seed"


def test_a_value_may_hold_dots_and_equals_signs():
    assert parse_setting("a.b.lr = x.y=1 ") == ("a.b", "lr", "x.y=1")


@pytest.mark.parametrize("text", ["lr=1", "vae.lr", "=3", ".lr=1", "vae.=1"])
def test_a_setting_must_name_owner_option_and_value(text):
    with pytest.raises(ConfigError, match=r"NAME.OPTION=VALUE"):
        parse_setting(text)


def test_a_sweep_is_named_in_its_own_words():
    with pytest.raises(ConfigError, match=r"--sweep 'lr=1' must read NAME.OPTION=VALUE, such as --sweep dcgan.lr=1e-4"):
        parse_setting("lr=1", "--sweep")


def test_every_option_of_a_run_is_known_as_one():
    assert set(RUN_OPTIONS) == {one.name for one in options_of(Study)} - {"set", "sweep", "ablate", "batch_size"}


@pytest.mark.parametrize(
    ("word", "tail"),
    [
        (
            "precision",
            ": precision is an option of the whole run, which runs each of several: write --precision fp32,bf16, or "
            'precision = ["fp32", "bf16"] above all tables of a suite',
        ),
        ("seed", ": seeds is an option of the whole run, which runs each of several: write --seeds 0,1,2, or seeds ="),
        ("epochs", ": budget is an option of the whole run, which runs each of several: write --budget 10epochs,"),
        ("compile", ": compile is an option of the whole run, and has one value: write it above all tables of a suite"),
        ("latent", ""),
    ],
)
def test_an_option_of_the_run_that_is_written_as_one_of_a_plugin_is_shown_its_place(word, tail):
    found = of_the_run(word)
    assert found.startswith(tail)
    assert bool(found) == bool(tail)


def test_it_is_shown_too_where_no_plugin_is_named():
    with pytest.raises(ConfigError, match=r"such as --sweep dcgan.lr=1e-4: budget is an option of the whole run"):
        parse_setting("budget=20steps,40steps", "--sweep")
    with pytest.raises(ConfigError, match=r"such as --set dcgan.lr=1e-4: protocol_seed is an option of the whole run"):
        parse_setting("protocol-seed=3")
