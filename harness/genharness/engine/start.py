"""What a model makes of its data before it is trained, and the average of its weights with it."""

from __future__ import annotations

import torch

from genharness.data import PreparedData
from genharness.engine.average import WeightAverage
from genharness.engine.costs.guarded import guarded
from genharness.kit.model import GenerativeModel
from genharness.kit.start import StartsFromData

__all__ = ["start_from_data"]


@torch.no_grad()
def start_from_data(model: GenerativeModel, average: WeightAverage, data: PreparedData) -> None:
    """Let a model that wants it look at the whole data; the average begins at what that gave."""
    if not isinstance(model, StartsFromData):
        return
    with guarded(f"{type(model).__name__}.start_from"):
        model.start_from(data)
    state = average.state()
    if state is not None:
        module = model.averaged_module()
        live = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        average.load({"steps": 0, "average": {name: live[name].detach() for name in state["average"]}})
