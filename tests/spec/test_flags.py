"""How options are written on a command line."""

import pytest

from genharness.errors import ConfigError
from genharness.spec.flags import flag, parse_setting


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
