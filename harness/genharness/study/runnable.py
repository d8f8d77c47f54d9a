"""Whether metrics that were asked for by name have what they need on this machine: packages and pretrained weights."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterable, Iterator

from genharness.plugin.registry import Registry
from genharness.spec.plugins import MetricSpec, Remote

__all__ = ["missing_packages", "missing_weights", "named_metrics"]


def named_metrics(metrics: Iterable[MetricSpec], words: Iterable[str]) -> list[MetricSpec]:
    """Return the metrics that words name outright, not by a pattern, `all` or `default`."""
    outright = set(words)
    return [spec for spec in metrics if spec.name in outright]


def missing_packages(metrics: Iterable[MetricSpec]) -> list[str]:
    """Return a line for each metric whose packages are not installed, with what to install."""
    return [
        f"metric {spec.name} needs {' and '.join(absent)}, which {'is' if len(absent) == 1 else 'are'} not installed: "
        f"pip install {' '.join(absent)}"
        for spec in metrics
        if (absent := [package for package in spec.packages if not _installed(package)])
    ]


def missing_weights(metrics: Iterable[MetricSpec], registry: Registry, at_hand: Callable[[Remote], bool]) -> list[str]:
    """Return a line for each metric whose pretrained weights are not on this machine.

    Args:
        metrics: Which ones.
        registry: Where the extractors are that they ask for by name.
        at_hand: Whether weights are on this machine.
    """
    return [
        f"metric {spec.name}: {remote.filename}{_size(remote)} is not on this machine: it is downloaded when it is "
        "needed; without a network, give it with --weights"
        for spec in metrics
        for remote in _weights(spec, registry)
        if not at_hand(remote)
    ]


def _weights(spec: MetricSpec, registry: Registry) -> Iterator[Remote]:
    if spec.weights is not None:
        yield spec.weights
    for name in spec.extractors:
        extractor = registry.extractors.get(name)
        if extractor is not None and extractor.weights is not None:
            yield extractor.weights


def _size(remote: Remote) -> str:
    return f" ({remote.size / 1e6:,.0f} MB)" if remote.size else ""


def _installed(package: str) -> bool:
    try:
        importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
