"""Scores of samples, kept by the content that they were computed from: an unchanged evaluation computes nothing twice.

An entry is one JSON file: the numbers of one metric, what they are of, and the extractors that they took features
from. It counts only while all of that is the same: samples, labels, reference, extractors, options, seed, the code
of the metric and of the extractors, torch and the kind of device.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genharness.errors import GenharnessError
from genharness.files.atomic import write_bytes
from genharness.identity.contents import identified
from genharness.identity.parts import registered_code
from genharness.measure.evaluation import Noted, SampleEvaluation
from genharness.measure.scoring import MetricResult
from genharness.plugin.registry import Registry
from genharness.spec.plugins import MetricSpec
from genharness.spec.protocol import canonical_json, short_hash

__all__ = ["ScoreCache"]


class ScoreCache:
    """The kept scores of one evaluation.

    Args:
        folder: Where entries are.
        registry: Where metrics are.
        evaluation: Gives what extractors depend on.
        key: What the scores are of: hashes of samples, labels and reference, protocol.
    """

    def __init__(self, folder: Path, registry: Registry, evaluation: SampleEvaluation, key: Mapping[str, Any]) -> None:
        import torch

        self._folder = folder
        self._registry = registry
        self._evaluation = evaluation
        self._key = {**key, "torch": torch.__version__, "device": evaluation.device.type}

    def find(self, spec: MetricSpec, options: Mapping[str, Any]) -> MetricResult | None:
        """Return what a metric gave, or None where nothing is kept, or for something else.

        The facts that the metric stated then are stated again.
        """
        key = self._key_of(spec, options)
        try:
            kept = json.loads(self._path(key).read_text(encoding="utf-8"))
            content = kept["content"]
            if short_hash(content, 64) != kept["sha256"] or canonical_json(content["key"]) != canonical_json(key):
                return None
            extractors: dict[str, str] = content["extractors"]
            noted = Noted(extractors=set(extractors), facts=content["facts"])
            found = MetricResult(metric=spec, values=content["scores"], errors=content["errors"], noted=noted)
            if not all(self._extractor(name) == one for name, one in extractors.items()):
                return None
            for fact, value in noted.facts.items():
                self._evaluation.state(fact, value)
        except (OSError, ValueError, KeyError, TypeError, GenharnessError):  # missing or damaged: computed again
            return None
        return found

    def keep(self, result: MetricResult, options: Mapping[str, Any]) -> None:
        """Keep what a metric gave.

        Args:
            result: Its numbers, and what it used and stated.
            options: All of its options.
        """
        key = self._key_of(result.metric, options)
        used = {name: self._extractor(name) for name in sorted(result.noted.extractors)}
        numbers = {"scores": dict(result.values), "errors": dict(result.errors), "facts": result.noted.facts}
        content = {"key": key, **numbers, "extractors": used}
        text = json.dumps({"content": content, "sha256": short_hash(content, 64)}, indent=1)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_bytes(self._path(key), text.encode())
        except OSError:  # a full disk costs time, not a result
            return

    def _key_of(self, spec: MetricSpec, options: Mapping[str, Any]) -> dict[str, Any]:
        code = registered_code(self._registry.metrics, spec.name).digest
        return {**self._key, "metric": spec.name, "options": identified(options), "code": code}

    def _extractor(self, name: str) -> str:
        """Return what tells an extractor from any that gives other features."""
        return short_hash(self._evaluation.extractor_key(name), 24)

    def _path(self, key: Mapping[str, Any]) -> Path:
        return self._folder / f"{short_hash(key, 24)}.json"
