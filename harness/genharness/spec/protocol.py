"""What a score is relative to. Scores of different protocols never stand in one ranking."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["HASH_DIGITS", "Protocol", "canonical_json", "protocol_difference", "short_hash", "with_contents"]


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys and no spaces, so that equal values give equal text."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


HASH_DIGITS = 10
"""Hexadecimal digits of a hash that names something."""


def short_hash(value: object, digits: int = HASH_DIGITS) -> str:
    """Return the first hexadecimal digits of the SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:digits]


def with_contents(options: Mapping[str, Any], contents: Mapping[str, str]) -> dict[str, Any]:
    """Return options as they tell one setting from another: a file's content in the place of its path.

    Args:
        options: By name.
        contents: Digests of what the named files hold, by the option's name; empty where it names none.
    """
    return {**options, **{name: {"content": digest} for name, digest in contents.items() if digest}}


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How samples are measured.

    Attributes:
        extractor: Name of the feature extractor.
        extractor_options: Its options that differ from their defaults.
        extractor_identity: Hash of its weights; known once a cell has run.
        resize: Resize convention (`clean`, `legacy-tf`, `legacy-torch`), or empty where nothing is resized.
        reference_split: Split that generated samples are compared with.
        reference_count: At most how many reference samples are used; 0 for all.
        sample_count: How many samples are generated.
        metric_options: Options of metrics that differ from their defaults.
        seed: Seed of reference subsets, of sampling and of metrics' own randomness.
        dataset_hash: Content hash of the dataset; known once it is prepared.
        inputs: Content of the files that its options name, by `PLUGIN.OPTION`.
    """

    extractor: str
    sample_count: int
    extractor_options: Mapping[str, Any] = field(default_factory=dict)
    extractor_identity: str = ""
    resize: str = ""
    reference_split: str = "train"
    reference_count: int = 0
    metric_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seed: int = 0
    dataset_hash: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)

    def as_plain(self) -> dict[str, Any]:
        """Return a dictionary of plain values, for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Protocol:
        """Return the protocol that `as_plain` gave."""
        return cls(**plain)

    @property
    def identity(self) -> dict[str, Any]:
        """What tells it from other protocols: all of it, but files by their content, wherever they lie."""
        plain = {name: value for name, value in vars(self).items() if name != "inputs"}
        if not self.inputs:
            return plain
        options = {name: self._identified(name, values) for name, values in self.metric_options.items()}
        own = self._identified(self.extractor, self.extractor_options)
        return {**plain, "extractor_options": own, "metric_options": options, "inputs": dict(self.inputs)}

    def _identified(self, owner: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options of a plugin with the content of files in the place of their paths."""
        return with_contents(options, {name: self.inputs.get(f"{owner}.{name}", "") for name in options})

    @property
    def hash(self) -> str:
        """Eight hexadecimal digits; equal hashes mean comparable scores."""
        return short_hash(self.identity, digits=8)

    def __str__(self) -> str:
        reference = self.reference_split
        if self.reference_count:
            reference = f"{self.reference_count:,} of {reference}"
        resize = f", resize {self.resize}" if self.resize else ""
        return f"{self.extractor}{resize}, {self.sample_count:,} samples against {reference}"


def protocol_difference(a: Protocol, b: Protocol) -> str:
    """Return the fields in which two protocols differ, such as `extractor classifier against inception`."""
    first, second = ({**one.identity, "inputs": dict(one.inputs)} for one in (a, b))
    return ", ".join(
        f"{key.replace('_', ' ')} {_short(first[key])} against {_short(second[key])}"
        for key in first
        if first[key] != second[key]
    )


def _short(value: Any) -> str:
    if not isinstance(value, str):
        return canonical_json(value)
    return (f"{value[:12]}…" if len(value) > 24 else value) or "none"
