"""Command-line options come from the declarations that suites and records are checked by."""

from dataclasses import dataclass
from typing import Literal

import click
import pytest
from click.testing import CliRunner

from genharness.cli.options import (
    AnyPath,
    InputPath,
    Number,
    Whole,
    declared,
    given,
    read_given,
    read_settings,
    split_names,
)
from genharness.errors import ConfigError, DataError
from genharness.spec.options import option


@dataclass(frozen=True)
class Config:
    count: int | None = option(None, low=2, high=9, help="How many")
    names: tuple[str, ...] = option(("a", "b"), help="Names")
    kind: Literal["x", "y"] = option("x", help="Kind")
    fast_mode: bool = option(False, help="Be fast")
    share: float = option(0.5, low=0, high=1, help="Share")


FLAGS = {"count": "--number"}


@click.command()
@declared(Config, "count", "names", "kind", "fast_mode", "share", flags=FLAGS)
def command(**options):
    values, mistakes = read_given(Config, options, FLAGS)
    click.echo(repr((values, mistakes)))


def said(*arguments):
    return eval(CliRunner().invoke(command, arguments).output)


def test_what_is_not_given_is_not_there():
    assert said() == ({}, [])


def test_what_is_given_has_the_fields_types():
    given_here = ("--number", "3", "--names", "c,d", "--kind", "y", "--fast-mode", "--share", ".25")
    assert said(*given_here)[0] == {"count": 3, "names": ("c", "d"), "kind": "y", "fast_mode": True, "share": 0.25}


def test_every_mistake_is_told_by_the_options_own_name():
    mistakes = said("--number", "1", "--kind", "z", "--share", "nan")[1]
    assert mistakes == [
        "--number=1 is out of range: it must be >= 2, <= 9",
        "--kind=z is not one of: x | y",
        "--share=nan is not a number",
    ]


def test_the_help_shows_choices_and_defaults():
    text = CliRunner().invoke(command, ["--help"]).output
    for part in ("--number INTEGER", "How many.", "--kind [x|y]", "[default: x]", "[default: a,b]", "[default: 0.5]"):
        assert part in text


def test_given_values_are_as_they_were_written():
    assert given(Config, {"number": "3", "kind": None}, FLAGS) == {"count": "3"}


def test_every_setting_of_another_form_is_told():
    values, mistakes = read_settings(["vae.lr=1", "lr=2", "vae.latent=3", "x"])
    assert values == {"vae": {"lr": "1", "latent": "3"}}
    assert [line.partition(" must")[0] for line in mistakes] == ["--set 'lr=2'", "--set 'x'"]


@pytest.mark.parametrize("value", ["0", "10", "x", "9" * 5000])
def test_a_number_of_a_command_is_refused_in_the_same_words(value):
    with pytest.raises(ConfigError, match=r"=.* (is out of range: it must be >= 1, <= 9|is not a whole number)"):
        Whole(1, 9).convert(value, None, None)


@pytest.mark.parametrize("value", ["nan", "-1", "1e400", "x", "0.5"])
def test_a_number_within_bounds_is_no_nan(value):
    with pytest.raises(ConfigError, match=r"^value=.* (is out of range: it must be >= 1, <= 40|is not a number)$"):
        Number(1, 40).convert(value, None, None)


def test_an_empty_path_is_not_the_working_directory():
    for kind in (AnyPath(), InputPath()):
        with pytest.raises(DataError, match=r"^a path is empty: name a file or folder"):
            kind.convert("", None, None)


def test_a_path_need_not_be_there_but_must_be_possible(tmp_path):
    assert AnyPath().convert(str(tmp_path / "new"), None, None) == tmp_path / "new"
    for path in ("a" * 300, "a\0b"):
        with pytest.raises(DataError, match="is no possible path"):
            AnyPath().convert(path, None, None)


def test_names_are_split_at_commas_and_an_option_that_was_not_given_stays_so():
    assert split_names(None, None, " fid, kid,,prdc ") == ("fid", "kid", "prdc")
    assert split_names(None, None, "") == ()
    assert split_names(None, None, None) is None


def test_settings_are_gathered_by_plugin():
    values, mistakes = read_settings(["vae.lr=0.1", "vae.latent=8", "kid.subsets=3"])
    assert values == {"vae": {"lr": "0.1", "latent": "8"}, "kid": {"subsets": "3"}}
    assert mistakes == []


def test_a_setting_that_is_given_twice_is_refused_unless_it_is_the_same():
    assert read_settings(["vae.lr=0.1", "vae.lr=0.1"])[1] == []
    assert read_settings(["vae.lr=0.1", "vae.lr=0.2"])[1] == ["--set vae.lr was given twice: leave one out"]
    (line,) = read_settings(["vae.lr=0.1", "vae.lr=0.2"], "--sweep")[1]
    assert line == "--sweep vae.lr was given twice: leave one out, or write values with commas between"


def test_a_value_may_hold_dots_and_equals_signs():
    assert read_settings(["files.path=a.b=c.png"])[0] == {"files": {"path": "a.b=c.png"}}


def test_a_path_must_be_there(tmp_path):
    assert InputPath().convert(str(tmp_path), None, None) == tmp_path
    with pytest.raises(DataError, match="does not exist: check the path"):
        InputPath().convert(str(tmp_path / "a"), None, None)
