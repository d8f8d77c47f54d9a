"""A model made elsewhere, drawn from and measured as trained ones are."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from genharness import ConfigError, DataShape, GenharnessError, RunError
from genharness.engine.memory import is_out_of_memory
from genharness.kit import GenerativeModel
from genharness.kit.blocks import random_normal
from genharness.kit.generators import seeded_generator
from genharness_model_generator.configs import GeneratorConfig, named_file
from genharness_model_generator.exported import load_exported
from genharness_model_generator.network import Network
from genharness_model_generator.onnx_graph import load_onnx
from genharness_model_generator.outputs import Outputs, only_tensor
from genharness_model_generator.pipeline import Pipeline, load_pipeline
from genharness_model_generator.python_file import load_factory_file, place_in
from genharness_model_generator.quantized import in_eight_bits
from genharness_model_generator.torchscript import load_torchscript

__all__ = ["Generator"]

_LOOKED_AT = 64
"""Samples that tell the range of images."""


class Generator(GenerativeModel):
    """Draws latents, asks the network for samples, and brings them to the form that the data has.

    Args:
        data: What the samples must be.
        config: The options.

    Raises:
        ConfigError: If something does not fit together.
        DataError: If the source cannot be read, or holds what is not run.
        RunError: If what it gives fits the data in no way.
    """

    def __init__(self, data: DataShape, config: GeneratorConfig) -> None:
        super().__init__(data, config)
        self.options = config
        if not config.source:
            raise ConfigError("generator needs what it is of: --models generator:PATH")
        self.who = str(named_file(config.source)[0].name)
        self.network = loaded(config, torch.get_default_device())
        self.outputs = self._outputs()

    @property
    def operations_counted(self) -> bool:
        """Whether the network computes by torch's operators."""
        return not isinstance(self.network, Network) or self.network.counted

    def to(self, *args: Any, **kwargs: Any) -> Generator:
        """Keep the memory format: an exported graph, or somebody's `view`, may count on it."""
        kwargs.pop("memory_format", None)
        return super().to(*args, **kwargs) if args or kwargs else self

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Return n samples.

        Raises:
            RunError: If the network fails, or gives what the data is not; the message says what to do.
        """
        return self.outputs.read(self._given(n, labels, generator))

    @torch.no_grad()
    def _outputs(self) -> Outputs:
        """Look at a few samples, and say how all are read."""
        self.eval()
        labels = None
        if self.options.conditional:
            labels = torch.arange(_LOOKED_AT, device=torch.get_default_device()) % max(self.data.classes, 1)
        samples = self._given(_LOOKED_AT, labels, seeded_generator(torch.get_default_device()))
        if self.options.range != "auto" and self.data.modality == "image":
            outputs = Outputs(self.data, self.who, self.options.range, cut=True)
            outputs.read(samples)
            return outputs
        return Outputs.seen(samples, self.data, self.who)

    def _given(self, n: int, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Return n samples as the network gives them."""
        if isinstance(self.network, Pipeline):
            samples = only_tensor(self._called(n, labels, generator), self.who).to(generator.device)
        else:
            latents = self._latents(n, generator)
            size = self.options.batch or getattr(self.network, "batch", None) or n
            samples = torch.cat([self._in_full(latents, labels, start, size) for start in range(0, n, size)])[:n]
        if len(samples) != n:
            raise RunError(
                f"{self.who} gave {len(samples)} samples for {n} latents: set generator.batch as it was exported"
            )
        return samples

    def _in_full(self, latents: Tensor, labels: Tensor | None, start: int, size: int) -> Tensor:
        """Return the samples of a batch of exactly `size`; a short one is filled up with its last latent."""
        parts = [part[start : start + size] for part in (latents, labels) if part is not None]
        have = len(parts[0])
        filled = [torch.cat([part, part[-1:].expand(size - have, *part.shape[1:])]) for part in parts]
        return only_tensor(self._called(*filled), self.who)[: have if have < size else None]

    def _latents(self, n: int, generator: torch.Generator) -> Tensor:
        if self.options.distribution == "uniform":
            return 2 * torch.rand(n, *self.options.latent, generator=generator, device=generator.device) - 1
        return random_normal(n, *self.options.latent, generator=generator)

    def _called(self, *inputs: Any) -> Any:
        """Call the network; what fails in there becomes one line."""
        try:
            return self.network(*inputs)
        except GenharnessError:
            raise
        except Exception as error:  # somebody's network raises what it likes
            if is_out_of_memory(error):
                raise
            shape = "x".join(map(str, self.options.latent))
            reason = next(iter(reversed(str(error).strip().splitlines())), type(error).__name__).strip()[:200]
            classes = " with classes" if self.options.conditional else ""
            path, function = named_file(self.options.source)
            if function:
                reason = f"{type(error).__name__}: {reason}{place_in(path, error)}"
            raise RunError(
                f"{self.who} fails on latents of {shape}{classes}: {reason}: "
                "check --latent, generator.conditional and generator.batch"
            ) from error


def loaded(config: GeneratorConfig, device: torch.device) -> nn.Module:
    """Return the network that a source names, on a device.

    Raises:
        ConfigError: If the options do not fit the kind of source.
        DataError: If it cannot be read, or holds what is not run.
    """
    path, function = named_file(config.source)
    small = config.quantize == "int8"
    is_onnx = path.suffix == ".onnx" or (path.is_dir() and not (path / "model_index.json").exists())
    if config.checkpoint is not None and not function:
        raise ConfigError("generator.checkpoint is for FILE.py:FACTORY: every other form holds its weights")
    if small and not (function or is_onnx):
        raise ConfigError(
            "generator.quantize=int8 reaches FILE.py:FACTORY and .onnx: quantise others before the export"
        )
    if function:
        module = load_factory_file(path, function, config.checkpoint, device)
        return in_eight_bits(module, config.source, device) if small else module
    if is_onnx:
        return load_onnx(path, device, quantized=small)
    if path.is_dir():
        return load_pipeline(path, device, config.steps)
    if path.suffix == ".pt2":
        return load_exported(path, device)
    return load_torchscript(path, device)
