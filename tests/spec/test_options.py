from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from genharness.errors import ConfigError, PluginError, shown
from genharness.spec.options import (
    NoOptions,
    as_options,
    build_config,
    checked,
    option,
    option_errors,
    options_of,
    read_options,
)


@dataclass(frozen=True)
class Config:
    lr: float = option(1e-3, above=0, high=1, help="learning rate")
    latent: int = option(64, low=1, high=512, help="latent dimensions")
    norm: Literal["batch", "none"] = option("batch", help="normalisation")
    widths: tuple[int, ...] = option((64, 128), help="channels")
    conditional: bool = option(False, help="use labels")
    decay: float | None = option(None, low=0, help="weight decay")
    weights: Path | None = option(None, help="file of weights")


def test_defaults_stand_where_nothing_is_said():
    assert build_config("m", Config, {}) == Config()


def test_text_from_the_command_line_becomes_the_options_type():
    given = {"lr": "1e-2", "latent": "8", "widths": "16,32", "conditional": "yes", "decay": "none", "norm": "none"}
    assert build_config("m", Config, given) == Config(1e-2, 8, "none", (16, 32), True, None)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("lr", "0", r"m.lr=0 is out of range: it must be > 0, <= 1"),
        ("lr", "2", r"m.lr=2 is out of range"),
        ("lr", "fast", r"m.lr=fast is not a number"),
        ("lr", "nan", r"m.lr=nan is not a number"),
        ("lr", "inf", r"m.lr=inf is not a number"),
        ("lr", True, r"m.lr=True is not a number"),
        ("latent", "2.5", r"m.latent=2.5 is not a whole number"),
        ("latent", "0", r"it must be >= 1, <= 512"),
        ("norm", "layer", r"m.norm=layer is not one of: batch | none"),
        ("widths", "a,b", r"m.widths=a,b is not a list of whole numbers"),
        ("conditional", "maybe", r"m.conditional=maybe is not true or false"),
        ("weights", "", r"m.weights= is not a path"),
        ("latnt", 3, r"m has no option 'latnt'; did you mean 'latent'\?"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_name(name, value, message):
    with pytest.raises(ConfigError, match=message):
        build_config("m", Config, {name: value})


def test_a_path_is_made_absolute_so_that_it_means_the_same_in_another_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/someone")
    given = [build_config("m", Config, {"weights": text}).weights for text in ("a.pt", "/b/c.pt", "~/d.pt", "none")]
    assert given == [tmp_path / "a.pt", Path("/b/c.pt"), Path("/home/someone/d.pt"), None]


def test_every_mistake_is_reported():
    assert len(option_errors("m", Config, {"lr": -1, "latent": "x", "foo": 1})) == 3


def test_a_literal_gives_its_choices():
    assert next(one for one in options_of(Config) if one.name == "norm").bounds == "batch | none"


def test_an_option_is_of_training_unless_it_says_otherwise():
    @dataclass(frozen=True)
    class Drawn:
        lr: float = option(0.1, help="learning rate")
        steps: int = option(50, help="steps of the sampler", stage="sample")

    assert [(one.name, one.stage) for one in options_of(Drawn)] == [("lr", "train"), ("steps", "sample")]


def test_a_field_without_help_is_the_plugins_mistake():
    @dataclass(frozen=True)
    class Bare:
        lr: float = 1.0

    with pytest.raises(PluginError, match=r"Bare.lr is not declared with option"):
        options_of(Bare)


def test_a_class_that_is_no_dataclass_is_the_plugins_mistake():
    with pytest.raises(PluginError, match="is not a dataclass"):
        options_of(int)


@dataclass(frozen=True)
class Named:
    names: tuple[str, ...] = option((), help="names")
    seed: int = option(1, low=0, high=2**64 - 1, help="a seed")
    whole: int = option(1, help="no bound of its own")
    sizes: tuple[int, ...] = option((1,), low=1, high=9, help="sizes")
    word: str = option("x", help="a word")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("seed", 2**64, r"m.seed=18446744073709551616 is out of range: it must be >= 0, <= 2\^64 - 1"),
        ("whole", str(2**63), r"m.whole=9223372036854775808 is out of range: it must be <= 2\^63 - 1"),
        ("whole", 10**5000, "m.whole=a number of thousands of digits is out of range"),
        ("whole", "9" * 5000, r"m.whole=9{40}\.\.\. \(5,000 characters\) is not a whole number"),
        ("whole", 1e300, r"m.whole=1e\+300 is out of range"),
        ("whole", float("inf"), "m.whole=inf is not a whole number"),
        ("whole", "1e400", "m.whole=1e400 is not a whole number"),
        ("sizes", "1,10", r"m.sizes=1,10 is out of range: it must be >= 1, <= 9"),
        ("sizes", [1, True], "is not a list of whole numbers"),
        ("sizes", 3, "is not a list of whole numbers"),
        ("sizes", {"a": 1}, "is not a list of whole numbers"),
        ("names", [1], r"m.names=\[1\] is not a list of names"),
        ("names", ["a\0"], "holds a NUL character"),
        ("word", "\udcff", "is no text in UTF-8"),
        ("word", 3, "m.word=3 is not text"),
        ("word", ["a"], "is not text"),
    ],
    ids=shown,
)
def test_what_no_machine_can_use_is_refused_in_a_short_line(name, value, message):
    with pytest.raises(ConfigError, match=message) as caught:
        build_config("m", Named, {name: value})
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("seed", [2**53 + 1, 2**64 - 1, str(2**64 - 1)])
def test_whole_numbers_keep_every_digit(seed):
    assert build_config("m", Named, {"seed": seed}).seed == int(seed)


@pytest.mark.parametrize(("given", "names"), [("a, b,,c", ("a", "b", "c")), (["a,b", " c "], ("a,b", "c")), ("", ())])
def test_names_are_a_list_or_text_with_commas(given, names):
    assert build_config("m", Named, {"names": given}).names == names


def test_every_value_that_does_not_fit_is_told_and_what_fits_is_kept():
    good, mistakes = read_options("m", Named, {"seed": -1, "wrd": "x", "sizes": [2]}, lambda name: f"--{name}")
    assert good == {"sizes": (2,)}
    assert mistakes == [
        "--seed=-1 is out of range: it must be >= 0, <= 2^64 - 1",
        "m has no option 'wrd'; did you mean 'word'?",
    ]


def test_a_config_of_python_code_is_held_to_its_bounds():
    good, mistakes = checked(Named(seed=-1, names=["a"], sizes=(3,)))
    assert good == Named(names=("a",), sizes=(3,))
    assert mistakes == ["seed=-1 is out of range: it must be >= 0, <= 2^64 - 1"]


def test_a_reader_says_the_rest_of_the_sentence():
    def even(value):
        if int(value) % 2:
            raise ConfigError("is odd")
        return int(value)

    @dataclass(frozen=True)
    class Even:
        n: int = option(0, high=8, read=even, help="even")

    assert build_config("m", Even, {"n": "4"}).n == 4
    for value, message in (("3", "m.n=3 is odd"), ("x", "m.n=x is not a whole number"), ("10", "m.n=10 is out of")):
        with pytest.raises(ConfigError, match=message):
            build_config("m", Even, {"n": value})


def test_options_are_read_from_a_class_once():
    assert options_of(Named)[0] is options_of(Named)[0]


def test_options_of_an_instance_are_plain():
    assert as_options(Named(names=("a",))) == {"names": ["a"], "seed": 1, "whole": 1, "sizes": [1], "word": "x"}
    assert as_options(NoOptions()) == {}


def test_a_class_that_cannot_even_be_looked_up_is_the_plugins_mistake():
    with pytest.raises(PluginError, match="is not a dataclass"):
        options_of([])
