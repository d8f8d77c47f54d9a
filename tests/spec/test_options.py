from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from genharness.errors import ConfigError, PluginError
from genharness.spec.options import build_config, option, option_errors, options_of


@dataclass(frozen=True)
class Config:
    lr: float = option(1e-3, above=0, high=1, help="learning rate")
    latent: int = option(64, low=1, high=512, help="latent dimensions")
    norm: Literal["batch", "none"] = option("batch", help="normalisation")
    widths: tuple[int, ...] = option((64, 128), help="channels")
    conditional: bool = option(False, help="use labels")
    decay: float | None = option(None, low=0, help="weight decay")
    weights: Path | None = option(None, help="file of weights")  # noqa: RUF009  -- it declares a field


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


def test_a_field_without_help_is_the_plugins_mistake():
    @dataclass(frozen=True)
    class Bare:
        lr: float = 1.0

    with pytest.raises(PluginError, match=r"Bare.lr is not declared with option"):
        options_of(Bare)


def test_a_class_that_is_no_dataclass_is_the_plugins_mistake():
    with pytest.raises(PluginError, match="is not a dataclass"):
        options_of(int)
