"""ONNX graphs, run by onnxruntime."""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genharness import ConfigError, DataError, RunError
from genharness_model_generator.network import Network

__all__ = ["load_onnx"]

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
}

_WEIGHTS = (1, 10, 11, 16)
"""ONNX's numbers for float, float16, double and bfloat16."""


def load_onnx(path: Path, device: torch.device, *, quantized: bool) -> Network:
    """Return the network of an ONNX file, or of a folder that holds one beside the files of its weights.

    Args:
        path: File or folder.
        device: `cpu`, or a CUDA device where onnxruntime has its provider.
        quantized: Whether products with fixed matrices have 8-bit weights, and activations quantised as they come.

    Raises:
        ConfigError: If the extra is not installed, or what is asked for is not to be had of this graph or onnxruntime.
        DataError: If it is no ONNX graph, or its weights lie elsewhere.
    """
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise ConfigError("ONNX needs a package more: pip install 'genharness[onnx]'") from error
    file = _only_graph(path) if path.is_dir() else path
    try:
        graph = onnx.load(file, load_external_data=False)
    except Exception as error:  # protobuf has errors of its own
        raise DataError(f"{file} cannot be read as ONNX, and nothing else is read as one: export it again") from error
    _refuse_elsewhere(file, graph, alone=not path.is_dir())
    try:
        session = _session(onnxruntime, _quantized(onnx, file) if quantized else file, device)
    except (ConfigError, DataError):
        raise
    except Exception as error:  # onnxruntime has errors of its own, one for each status
        raise DataError(f"{file} cannot be run by onnxruntime: {' '.join(str(error).split())[:200]}") from error
    return Network(
        _Call(session, device, str(path)),
        parameters=sum(math.prod(one.dims) for one in graph.graph.initializer if one.data_type in _WEIGHTS),
        batch=_batch(session),
        counted=False,
    )


def _only_graph(folder: Path) -> Path:
    found = sorted(folder.glob("*.onnx"))
    if len(found) != 1:
        raise DataError(
            f"{folder} holds {len(found)} .onnx files: name the one, or a folder of it and its weights alone"
        )
    return found[0]


def _refuse_elsewhere(file: Path, graph: Any, *, alone: bool) -> None:
    """Refuse weights outside of what the model's identity is made of: the file, or everything in its folder."""
    places = {one.value for tensor in _tensors(graph.graph) for one in tensor.external_data if one.key == "location"}
    outside = [place for place in places if Path(place).is_absolute() or ".." in Path(place).parts]
    if outside:
        raise DataError(
            f"{file} names weights outside of its folder ({outside[0]}): save it with its weights beside it"
        )
    if places and alone:
        raise DataError(
            f"{file} keeps weights in {min(places)}: name a folder that holds both and nothing else, or export it with "
            "external_data=False"
        )


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from [attribute.t, *attribute.tensors]
            for inner in [attribute.g, *attribute.graphs]:
                if inner.node or inner.initializer:
                    yield from _tensors(inner)


def _quantized(onnx: Any, file: Path) -> bytes:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(prefix="genharness-") as folder:
        written = Path(folder) / "quantized.onnx"
        logging.disable(logging.WARNING)  # it recommends a preparation that changes nothing here
        try:
            # Weights in seven bits, as torch takes them on x86: products of eight are cut off, silently, by processors
            # without instructions for whole ones (VNNI).
            quantize_dynamic(
                file, written, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"], reduce_range=True
            )
        finally:
            logging.disable(logging.NOTSET)
        graph = onnx.load(written)
    if not any("MatMulInteger" in node.op_type or "QuantizeMatMul" in node.op_type for node in graph.graph.node):
        raise ConfigError(f"{file} has no product with a fixed matrix to quantise: leave out generator.quantize=int8")
    return bytes(graph.SerializeToString())


def _session(onnxruntime: Any, graph: Path | bytes, device: torch.device) -> Any:
    provider = "CUDAExecutionProvider" if device.type == "cuda" else "CPUExecutionProvider"
    if provider not in onnxruntime.get_available_providers():
        raise ConfigError("this onnxruntime has no CUDA: install onnxruntime-gpu, or give --device cpu")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = torch.get_num_threads()
    chosen: Any = (provider, {"device_id": device.index or 0}) if device.type == "cuda" else provider
    return onnxruntime.InferenceSession(graph if isinstance(graph, bytes) else str(graph), options, providers=[chosen])


def _batch(session: Any) -> int | None:
    inputs = session.get_inputs()
    shape = inputs[0].shape if inputs else []
    return shape[0] if shape and isinstance(shape[0], int) else None


class _Call:
    """Runs a session on tensors."""

    def __init__(self, session: Any, device: torch.device, who: str) -> None:
        self._session, self._device, self._who = session, device, who
        self._inputs = [(one.name, _TYPES.get(one.type, np.float32)) for one in session.get_inputs()]

    def __call__(self, *inputs: Tensor) -> list[Tensor]:
        """Return the outputs of the graph.

        Raises:
            RunError: If the graph takes another number of inputs, or bfloat16 is asked of it.
        """
        if torch.is_autocast_enabled(self._device.type):
            raise RunError(f"{self._who} computes in the precision it was exported in: leave out --precision bf16")
        if len(inputs) != len(self._inputs):
            names = ", ".join(name for name, _ in self._inputs)
            raise RunError(f"{self._who} takes {len(self._inputs)} inputs ({names}): see generator.conditional")
        pairs = zip(self._inputs, inputs, strict=True)
        fed = {name: part.cpu().numpy().astype(kind, copy=False) for (name, kind), part in pairs}
        return [torch.from_numpy(np.asarray(part)).to(self._device) for part in self._session.run(None, fed)]
