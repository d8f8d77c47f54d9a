"""Where a search looks: what users write and plugins declare."""

from dataclasses import dataclass
from typing import Literal

import pytest

from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.spec.axes import Axis, declared_axes, read_axes
from genharness.spec.options import option, options_of


@dataclass(frozen=True)
class Searched:
    lr: float = option(1e-3, above=0, high=1, help="learning rate", search=(1e-4, 1e-2), log=True)
    latent: int = option(16, low=1, high=512, help="dimensions", search=(4, 64))
    norm: Literal["batch", "none"] = option("batch", help="normalisation", search=("batch", "none"))
    decay: float | None = option(None, low=0, help="decay")
    conditional: bool = option(False, help="labels")


OPTIONS = options_of(Searched)


def read(*texts):
    return read_axes("vae", OPTIONS, texts)


def test_a_plugin_declares_where_to_look():
    assert declared_axes("vae", OPTIONS) == [
        Axis(name="lr", low=1e-4, high=1e-2, log=True),
        Axis(name="latent", low=4, high=64, whole=True),
        Axis(name="norm", choices=("batch", "none")),
    ]


def test_a_declaration_outside_the_bounds_is_refused():
    @dataclass(frozen=True)
    class Wrong:
        lr: float = option(0.1, low=0, high=1, help="learning rate", search=(0.1, 2))

    with pytest.raises(ConfigError, match="out of range"):
        declared_axes("vae", options_of(Wrong))


def test_every_declaration_of_an_installed_model_holds():
    for spec in load_registry().models.values():
        declared_axes(spec.name, options_of(spec.config))


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("vae.lr=1e-5..1e-2:log", Axis(name="lr", low=1e-5, high=1e-2, log=True)),
        ("lr=0.1..0.5", Axis(name="lr", low=0.1, high=0.5)),
        ("latent=8..32", Axis(name="latent", low=8, high=32, whole=True)),
        ("latent=8,16", Axis(name="latent", choices=(8, 16))),
        ("norm=batch,none", Axis(name="norm", choices=("batch", "none"))),
        ("conditional=true,false", Axis(name="conditional", choices=(True, False))),
        ("decay=none,0.1", Axis(name="decay", choices=(None, 0.1))),
    ],
)
def test_a_user_names_ranges_and_values(text, axis):
    assert read(text) == ([axis], [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lr", "must read OPTION=LOW..HIGH"),
        ("lr=", "must read OPTION=LOW..HIGH"),
        ("precision=fp32,bf16", "vae has no option 'precision': precision is an option of the whole run"),
        ("lrr=1..2", "vae has no option 'lrr'; did you mean 'lr'?"),
        ("lr=0.1..2", "vae.lr=2 is out of range"),
        ("lr=0..1", "vae.lr=0 is out of range"),
        ("lr=0.5..0.1", "is no range: the first must be below the second"),
        ("lr=0.1..0.2..0.3", "a range is LOW..HIGH of a number"),
        ("lr=0.1...2", "a range is LOW..HIGH of a number"),
        ("lr=0.1", "one value is nothing to search over"),
        ("lr=a..b", "is not a number"),
        ("norm=a..b", "a range is LOW..HIGH of a number"),
        ("lr=0.1..0.2:log:5", "a search is over all of a range, LOW..HIGH or LOW..HIGH:log, not points"),
        ("lr=0.1..0.2:5", "not points"),
        ("norm=batch,layer", "is not one of: batch | none"),
        ("norm=batch,none:log", "only a range is logarithmic"),
        ("latent=1.5..4", "is not a whole number"),
        ("decay=none..1", "is no range"),
        ("decay=0..1:log", "a logarithmic range begins above 0"),
    ],
)
def test_what_is_no_space_is_refused_in_one_line(text, message):
    _, (line,) = read(text)
    assert message in line


def test_an_axis_twice_is_refused():
    assert read("lr=0.1..0.2", "lr=0.3..0.4")[1] == ["--over vae.lr was given twice: leave one out"]


def test_an_axis_says_what_it_is():
    assert [str(axis) for axis in declared_axes("vae", OPTIONS)] == [
        "lr 0.0001 to 0.01 (log)",
        "latent 4 to 64",
        "norm in batch, none",
    ]
