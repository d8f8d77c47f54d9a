"""Archives of torch.export (`.pt2`)."""

from __future__ import annotations

import inspect
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram

from genharness import DataError
from genharness_model_generator.archive_checks import checked_archive
from genharness_model_generator.network import Network

__all__ = ["load_exported"]


def load_exported(path: Path, device: torch.device) -> Network:
    """Return the network of an archive that torch.export.save wrote.

    Raises:
        DataError: If it is none, holds what is not read (see `checked_archive`), or is of another version of torch.
    """
    archive = checked_archive(path)
    try:
        with _weights_only(), _silent():
            program = torch.export.load(archive)
    except Exception as error:  # torch raises what it likes, KeyError and AssertionError among them
        reason = " ".join(str(error).split())[:200]
        raise DataError(
            f"{path} cannot be read by torch {torch.__version__}: export it with that one ({reason})"
        ) from error
    if device.type != "cpu":
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, device)
    graph: Any = program.module(**_unguarded(program))
    return Network(
        lambda *inputs: graph(*inputs),
        parameters=sum(part.numel() for part in program.parameters()),
        batch=_batch(program),
        compiles=True,
    )


def _unguarded(program: ExportedProgram) -> dict[str, bool]:
    """Leave out guards, which newer versions of torch make of text in the file."""
    return {"check_guards": False} if "check_guards" in inspect.signature(program.module).parameters else {}


def _batch(program: ExportedProgram) -> int | None:
    """Return the number of latents that the graph was exported for, or None where it takes any."""
    names = program.graph_signature.user_inputs
    first = next((node for node in program.graph.nodes if node.op == "placeholder" and node.name in names), None)
    shape = list(getattr(first.meta.get("val"), "shape", ())) if first is not None else []
    return shape[0] if shape and type(shape[0]) is int else None


@contextmanager
def _weights_only() -> Iterator[None]:
    """Let torch.load read weights and no other objects, whatever the code that calls it asks for."""
    names = ("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _silent() -> Iterator[None]:
    """Hold back torch's log of why a file could not be read, which the error says."""
    logger = logging.getLogger("torch.export")
    before = logger.disabled
    logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = before
