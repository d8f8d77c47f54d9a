"""Trains the classifier on first use, keeps it by content, and extracts."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from genharness import ConfigError, DataError
from genharness.engine.feed import Feeder
from genharness.files.atomic import write_bytes
from genharness.files.home import home
from genharness.files.turns import made_once
from genharness.kit import Extracted, Extractor, ExtractorContext
from genharness.spec.protocol import short_hash
from genharness_features_classifier import ClassifierConfig
from genharness_features_classifier.network import Classifier
from genharness_features_classifier.recipe import BATCH, CPU, built, fitted, outputs, repeatable

__all__ = ["ClassifierExtractor"]

_FORMAT = 2


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
        self._network = built(context.data.shape, config, context.device)
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
        if tuple(samples.shape[1:]) != self._data.shape.shape:
            raise DataError(
                f"samples are {tuple(samples.shape[1:])}, and the classifier of {self._data.name} reads "
                f"{self._data.shape.shape}: resize them, or choose another extractor with --features"
            )
        return outputs(self._network, samples, self.context.device)

    def _load_or_train(self) -> bytes:
        options = {**vars(self._config), "format": _FORMAT, "seed": self.context.seed}
        key = {"data": self._data.content_hash, **options, "code": self.context.code}
        path = home() / "classifiers" / f"{short_hash(key, digits=24)}.pt"
        return made_once(path, read=lambda: _read(path), make=self._train, write=lambda content: _write(path, content))

    def _train(self) -> bytes:
        self.context.report(f"training the classifier of {self._data.name}, once")
        with repeatable(self._data.shape):
            network = self._fitted()
        accuracy = self._held_out_accuracy(network)
        self.context.report(f"classifier of {self._data.name}: held-out accuracy {accuracy:.1%}")
        stream = io.BytesIO()
        torch.save({"network": network.state_dict(), "accuracy": accuracy}, stream)
        return stream.getvalue()

    def _fitted(self) -> Classifier:
        batch = min(self._config.batch_size, self._data.shape.train_count)
        feeder = Feeder(self._data, batch, seed=self.context.seed, device=CPU)
        network = fitted(self._data.shape, self._config, feeder.batch, feeder.steps_per_epoch, self.context.seed)
        feeder.close()
        return network

    def _held_out_accuracy(self, network: Classifier) -> float:
        samples, labels = self._data.samples("test"), self._data.labels("test")
        assert labels is not None
        correct = 0
        for start in range(0, len(labels), 10 * BATCH):
            stop = start + 10 * BATCH
            logits = outputs(network, samples[start:stop], CPU).logits
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
