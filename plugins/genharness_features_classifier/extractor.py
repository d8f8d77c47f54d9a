"""Trains the classifier on first use, keeps it by content, and extracts."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from genharness import ConfigError, DataError
from genharness.engine.feed import Feeder, to_unit_range
from genharness.engine.threads import threads_settled
from genharness.files.atomic import write_bytes
from genharness.files.home import home
from genharness.files.turns import made_once
from genharness.functional.parallel import exact_convolutions, full_precision, ieee_products, side_by_side
from genharness.kit import Extracted, Extractor, ExtractorContext
from genharness.kit.precision import no_autocast
from genharness.spec.protocol import short_hash
from genharness_features_classifier import ClassifierConfig
from genharness_features_classifier.network import Classifier

__all__ = ["ClassifierExtractor"]

_FORMAT = 2
_BATCH = 250
_CPU = torch.device("cpu")


class ClassifierExtractor(Extractor):
    """The dataset's own classifier.

    Trained once on the train split, kept under `$GENHARNESS_HOME/classifiers` by the hash of data,
    options and code, and judged on the held-out split.
    """

    def __init__(self, context: ExtractorContext, config: ClassifierConfig) -> None:
        super().__init__(context, config)
        if context.data is None:
            raise ConfigError("extractor classifier is trained on a dataset: name one with --dataset")
        if context.data.shape.classes < 2:
            raise ConfigError(f"extractor classifier needs class labels, and {context.data.name} has none")
        self._data = context.data
        self._config = config
        content = self._load_or_train()
        self._identity = hashlib.sha256(content).hexdigest()[:16]
        state = torch.load(io.BytesIO(content), map_location=context.device, weights_only=True)
        self._accuracy = float(state["accuracy"])
        self._network = self._build(context.device)
        self._network.load_state_dict(state["network"])
        self._network.eval()

    @property
    def identity(self) -> str:
        """Hash of the trained weights."""
        return self._identity

    def facts(self) -> Mapping[str, float]:
        """Return the held-out accuracy."""
        return {"classifier_accuracy": self._accuracy}

    def extract(self, samples: NDArray[Any]) -> Extracted:
        """Return features `(n, d)` and logits `(n, classes)`, in float32 whatever the caller computes in."""
        return self._extracted(self._network, samples, self.context.device)

    def _extracted(self, network: Classifier, samples: NDArray[Any], device: torch.device) -> Extracted:
        @torch.inference_mode()
        def extracted(batch: NDArray[Any]) -> tuple[Tensor, Tensor]:
            features, logits = network(self._input(batch, device))
            return features.cpu(), logits.cpu()

        batches = [samples[start : start + _BATCH] for start in range(0, len(samples), _BATCH)]
        with full_precision(device), exact_convolutions():
            features, logits = zip(*side_by_side(extracted, batches, device), strict=True)
        return Extracted(torch.cat(features).numpy(), torch.cat(logits).numpy())

    def _input(self, samples: NDArray[Any], device: torch.device) -> Tensor:
        tensor = torch.from_numpy(np.array(samples)).to(device)
        if tuple(tensor.shape[1:]) != self._data.shape.shape:
            raise DataError(
                f"samples are {tuple(tensor.shape[1:])}, and the classifier of {self._data.name} reads "
                f"{self._data.shape.shape}: resize them, or choose another extractor with --features"
            )
        return to_unit_range(tensor) if tensor.dtype == torch.uint8 else tensor

    def _build(self, device: torch.device) -> Classifier:
        network = Classifier(self._data.shape, self._config.width, self._config.features).to(device)
        image = self._data.shape.modality == "image"
        return network.to(memory_format=torch.channels_last) if image else network

    def _load_or_train(self) -> bytes:
        options = {**vars(self._config), "format": _FORMAT, "seed": self.context.seed}
        key = {"data": self._data.content_hash, **options, "code": self.context.code}
        path = home() / "classifiers" / f"{short_hash(key, digits=24)}.pt"
        return made_once(path, read=lambda: _read(path), make=self._train, write=lambda content: _write(path, content))

    def _train(self) -> bytes:
        self.context.report(f"training the classifier of {self._data.name}, once")
        # On the CPU, and the same weights whatever the caller computes with: threads, device, precision.
        with threads_settled(self._data.shape), no_autocast(_CPU), ieee_products():
            network = self._fitted()
        accuracy = self._held_out_accuracy(network)
        self.context.report(f"classifier of {self._data.name}: held-out accuracy {accuracy:.1%}")
        stream = io.BytesIO()
        torch.save({"network": network.state_dict(), "accuracy": accuracy}, stream)
        return stream.getvalue()

    def _fitted(self) -> Classifier:
        torch.manual_seed(self.context.seed)
        network = self._build(_CPU).train()
        batch = min(self._config.batch_size, self._data.shape.train_count)
        feeder = Feeder(self._data, batch, seed=self.context.seed, device=_CPU)
        steps = min(self._wanted_steps(), self._config.epochs * feeder.steps_per_epoch)
        optimiser = torch.optim.AdamW(network.parameters(), lr=self._config.lr, weight_decay=1e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, self._config.lr, total_steps=steps)
        for step in range(steps):
            samples, labels = feeder.batch(step)
            assert labels is not None
            loss = F.cross_entropy(network(samples)[1], labels)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
        feeder.close()
        return network.eval()

    def _wanted_steps(self) -> int:
        shape = self._data.shape
        colours = shape.modality == "image" and shape.channels == 3
        return self._config.steps * (3 if colours else 1)

    def _held_out_accuracy(self, network: Classifier) -> float:
        samples, labels = self._data.samples("test"), self._data.labels("test")
        assert labels is not None
        correct = 0
        for start in range(0, len(labels), 10 * _BATCH):
            stop = start + 10 * _BATCH
            logits = self._extracted(network, samples[start:stop], _CPU).logits
            assert logits is not None
            correct += int((logits.argmax(axis=1) == labels[start:stop]).sum())
        return correct / len(labels)


def _write(path: Path, content: bytes) -> None:
    """Keep a classifier with its checksum behind it."""
    write_bytes(path, content + hashlib.sha256(content).digest())


def _read(path: Path) -> bytes | None:
    """Return the kept classifier, or None where it is missing or damaged: the remedy is to train again."""
    try:
        kept = path.read_bytes()
    except OSError:
        return None
    size = len(kept) - hashlib.sha256().digest_size
    content = kept[: max(size, 0)]
    return content if hashlib.sha256(content).digest() == kept[len(content) :] else None
