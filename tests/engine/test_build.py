"""A model made from its plugin."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from conformance import importable
from genharness import ModelSpec, option
from genharness.engine.build import build_model
from genharness.errors import ConfigError, PluginError
from genharness.kit import GenerativeModel
from genharness.spec.plugins import DataShape

IMAGES, TABLE = DataShape("image", (3, 8, 8)), DataShape("tabular", (4,))


@dataclass(frozen=True)
class WideConfig:
    width: int = option(4, low=1, help="channels")


class Wide(GenerativeModel):
    def __init__(self, data, config):
        super().__init__(data, config)
        self.body = nn.Conv2d(3, config.width, 3)


def not_a_model(data, config):
    return nn.Linear(1, 1)


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    importable(monkeypatch, __name__, globals())


def spec(factory="Wide"):
    return ModelSpec(
        name="wide", summary="", factory=f"{__name__}:{factory}", config=WideConfig, family="toy", recipes={}
    )


def test_options_reach_the_model_and_others_are_refused():
    assert build_model(spec(), {"width": "7"}, IMAGES, torch.device("cpu")).body.out_channels == 7
    with pytest.raises(ConfigError, match="widht"):
        build_model(spec(), {"widht": 7}, IMAGES, torch.device("cpu"))


def test_images_are_computed_in_channels_last_memory_and_rows_are_not():
    weight = build_model(spec(), {}, IMAGES, torch.device("cpu")).body.weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert build_model(spec(), {}, TABLE, torch.device("cpu")).body.weight.is_contiguous()


def test_it_is_built_where_it_will_be_trained():
    assert build_model(spec(), {}, IMAGES, torch.device("meta")).device.type == "meta"


def test_what_is_no_model_is_refused_by_name():
    with pytest.raises(PluginError, match=r"model wide is a Linear: it must be a genharness\.kit\.GenerativeModel"):
        build_model(spec("not_a_model"), {}, IMAGES, torch.device("cpu"))


def test_only_a_compiled_model_is_compiled(monkeypatch):
    compiled = []
    monkeypatch.setattr(nn.Module, "compile", lambda self: compiled.append(type(self).__name__))
    build_model(spec(), {}, IMAGES, torch.device("cpu"))
    assert not compiled
    build_model(spec(), {}, IMAGES, torch.device("cpu"), compiled=True)
    assert compiled == ["Conv2d"]
