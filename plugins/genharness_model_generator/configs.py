"""Options of models made elsewhere. Torch-free."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genharness import ConfigError, option

__all__ = ["GeneratorConfig", "named_file"]


def named_file(source: str) -> tuple[Path, str]:
    """Return the file or folder of a source, and the function of `FILE.py:FUNCTION`, else an empty string."""
    path, colon, function = source.rpartition(":")
    return (Path(path), function) if colon and path.endswith(".py") else (Path(source), "")


def _read_source(value: object) -> str:
    """Return a source with an absolute path, which means the same in another process; empty stays empty."""
    if not isinstance(value, str):
        raise TypeError
    if not value:
        return ""
    path, function = named_file(value)
    path = Path(os.path.expanduser(path)).absolute()  # noqa: PTH111  -- Path.expanduser raises for `~nobody`
    try:
        there = path.exists()
    except (OSError, ValueError):
        there = False
    if not there:
        raise ConfigError("does not exist: name a .pt, .pt2 or .onnx file, a diffusers folder, or FILE.py:FACTORY")
    if path.suffix == ".py" and not function:
        raise ConfigError(f"needs the function that makes the model, such as {path.name}:make")
    return f"{path}:{function}" if function else str(path)


@dataclass(frozen=True)
class GeneratorConfig:
    """Options of `generator`. Only a `.py` runs code of its author's; nothing is unpickled."""

    source: str = option(
        "", read=_read_source, help="TorchScript .pt, torch.export .pt2, .onnx, a diffusers folder, or FILE.py:FACTORY"
    )
    checkpoint: Path | None = option(  # noqa: RUF009
        None, help="state dict for FILE.py:FACTORY: .safetensors, or torch's weights only"
    )
    latent: tuple[int, ...] = option(
        (128,), low=1, high=2**20, stage="sample", help="shape of a latent: 128, or 100,1,1"
    )
    distribution: Literal["normal", "uniform"] = option(
        "normal", stage="sample", help="of the latents: standard normal, or uniform over [-1, 1]"
    )
    conditional: bool = option(False, help="it takes class indices (n,) int64 beside the latents")
    range: Literal["auto", "symmetric", "unit", "bytes"] = option(
        "auto", stage="sample", help="of its images: [-1, 1], [0, 1] or 0 to 255, cut there; auto looks at 64 of them"
    )
    batch: int | None = option(
        None,
        low=1,
        high=100_000,
        stage="sample",
        help="latents at a time where the export fixed them; seen in .pt2, .onnx",
    )
    steps: int | None = option(
        None, low=1, high=10_000, stage="sample", help="denoising steps of a diffusers pipeline; its own by default"
    )
    quantize: Literal["none", "int8"] = option(
        "none", help="int8: linear layers (ONNX: all products) with 8-bit weights, activations quantised as they come"
    )
