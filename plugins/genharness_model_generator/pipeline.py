"""Folders of diffusers pipelines."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genharness import ConfigError, DataError, RunError

__all__ = ["Pipeline", "load_pipeline"]

_LIBRARIES = ("diffusers", "transformers")
_CODE = frozenset({".py", ".pyc", ".so", ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".msgpack", ".h5"})


class Pipeline(nn.Module):
    """A pipeline as something that draws so many samples.

    Args:
        pipeline: The pipeline; its networks are modules of this one, so that their calls are counted.
        steps: Denoising steps, or None for its own number.
        who: Its name, for messages.
    """

    def __init__(self, pipeline: Any, steps: int | None, who: str) -> None:
        super().__init__()
        self._pipeline, self._who = (pipeline,), who
        self.parts = nn.ModuleDict(dict(_networks(pipeline)))
        known = inspect.signature(pipeline.__call__).parameters
        self._by_class = "class_labels" in known
        if "prompt" in known:
            raise ConfigError(f"{who} makes images of texts, which a dataset has none of: score its images as a folder")
        if steps is not None and "num_inference_steps" not in known:
            raise ConfigError(f"{who} has no number of steps to set: leave out generator.steps")
        self._fixed = {"output_type": "np", **({} if steps is None else {"num_inference_steps": steps})}

    def forward(self, n: int, labels: Tensor | None, generator: torch.Generator) -> Any:
        """Return images `(n, h, w, c)` in [0, 1].

        Raises:
            RunError: If the pipeline takes classes and none are given.
        """
        if self._by_class and labels is None:
            raise RunError(f"{self._who} makes images of classes: give --set generator.conditional=true")
        asked = {"class_labels": labels.tolist()} if self._by_class and labels is not None else {"batch_size": n}
        return self._pipeline[0](**asked, generator=generator, **self._fixed).images


def _networks(pipeline: Any) -> Iterator[tuple[str, nn.Module]]:
    return ((name, part) for name, part in pipeline.components.items() if isinstance(part, nn.Module))


def load_pipeline(folder: Path, device: torch.device, steps: int | None) -> Pipeline:
    """Return the pipeline of a folder: local, of safetensors, and of classes of diffusers itself.

    Raises:
        ConfigError: If the extra is not installed, or the pipeline is of no use here.
        DataError: If the folder holds code, pickles, or classes of other libraries; or is none of a pipeline.
    """
    _refuse_unsafe(folder)
    try:
        import diffusers
    except ImportError as error:
        raise ConfigError("diffusers folders need packages more: pip install 'genharness[diffusers]'") from error
    try:
        pipeline = diffusers.DiffusionPipeline.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
    except Exception as error:  # diffusers raises what it likes
        raise DataError(f"{folder} cannot be read by diffusers: {' '.join(str(error).split())[:200]}") from error
    pipeline.set_progress_bar_config(disable=True)
    return Pipeline(pipeline.to(device), steps, str(folder))


def _refuse_unsafe(folder: Path) -> None:
    index = folder / "model_index.json"
    try:
        read = json.loads(index.read_bytes())
        parts = {name: value for name, value in read.items() if isinstance(value, list)}
        classes = {name: (value[0], value[1]) for name, value in parts.items() if value != [None, None]}
        own = read["_class_name"]
    except (OSError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise DataError(
            f"{folder} is no diffusers pipeline: it needs a model_index.json, as save_pretrained writes"
        ) from error
    others = [f"{name} of {library}" for name, (library, _) in classes.items() if library not in _LIBRARIES]
    if others or not isinstance(own, str):
        raise DataError(f"{folder} needs code of its own ({(others or ['its pipeline'])[0]}), which is not run")
    unsafe = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in _CODE)
    if unsafe:
        raise DataError(
            f"{folder} holds {unsafe[0]}, which is code or may be a pickle: save it by "
            "save_pretrained(FOLDER, safe_serialization=True), and name a folder without such files"
        )
