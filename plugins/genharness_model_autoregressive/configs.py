"""Options of the autoregressive models. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass

from genharness import option

__all__ = ["PixelCNNConfig"]


@dataclass(frozen=True)
class PixelCNNConfig:
    """Options of `pixelcnn`."""

    width: int = option(64, low=1, high=1024, help="channels of both stacks")
    layers: int = option(7, low=1, high=64, help="gated layers; the first sees 7x7 pixels, the others 3x3")
    levels: int | None = option(
        None, low=2, high=65536, help="grey levels told apart at most, each for those next to it; none: all there are"
    )
    lr: float = option(1e-3, above=0.0, high=1.0, help="learning rate of Adam")
    decay: float = option(0.0, low=0.0, high=1.0, help="share of the budget, at its end, in which the rate falls to 0")
    clip: float = option(1.0, above=0.0, high=1e6, help="norm to which longer gradients are shortened")
    conditional: bool = option(False, help="learn classes, and make those that are asked for")
    label_dropout: float = option(0.1, low=0.0, high=1.0, help="share of labels that training does without")
    temperature: float = option(
        1.0, above=0.0, high=100.0, help="what logits are divided by; 1 is the model", stage="sample"
    )
