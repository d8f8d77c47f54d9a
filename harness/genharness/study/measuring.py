"""What trained models and samples made elsewhere are measured with: metrics, extractor, options, protocol."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from genharness.errors import ConfigError, did_you_mean
from genharness.files.weights import locate_shared
from genharness.identity.contents import inputs_of
from genharness.plugin.registry import Kind, Registry
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.options import build_config, options_of
from genharness.spec.plugins import ExtractorSpec, MetricSpec, Spec
from genharness.spec.protocol import Protocol
from genharness.study.compatibility import extractor_misfit
from genharness.study.suite import Suite

__all__ = ["all_inputs", "all_options", "choose_extractor", "feature_errors", "protocol_of", "select", "select_metrics"]


def select(kind: Kind[Any], wanted: Iterable[str], errors: list[str]) -> list[Any]:
    """Return the specs that names and patterns choose, in the order asked for; mistakes go into `errors`."""
    chosen: dict[str, Spec] = {}
    for word in wanted:
        pattern = "*" if word == "all" else word
        names = fnmatch.filter(kind, pattern) if any(sign in pattern for sign in "*?[") else [pattern]
        if not names:
            errors.append(f"no {kind.word} fits the pattern {word!r}{did_you_mean(word, kind)}")
        for name in names:
            try:
                chosen[name] = kind.find(name)
            except ConfigError as error:
                errors += error.lines
    if not chosen and not errors:
        errors.append(f"no {kind.word} was named: name at least one, or all")
    return list(chosen.values())


def select_metrics(registry: Registry, wanted: tuple[str, ...], errors: list[str]) -> list[MetricSpec]:
    """Return the metrics that names, patterns and `default` choose; mistakes go into `errors`."""
    names = [
        name
        for word in wanted
        for name in ([spec.name for spec in registry.metrics.values() if spec.default] if word == "default" else [word])
    ]
    return select(registry.metrics, names, errors)


def feature_errors(suite: Suite, registry: Registry) -> list[str]:
    """Return what is wrong with the extractor and resize that were asked for."""
    if suite.features == "auto":
        return []
    try:
        spec = registry.extractors.find(suite.features)
    except ConfigError as error:
        return list(error.lines)
    if suite.resize and suite.resize not in spec.resizes:
        known = ", ".join(spec.resizes) or "none"
        return [f"extractor {spec.name} has no resize {suite.resize!r}; known: {known}"]
    return []


def choose_extractor(
    suite: Suite, registry: Registry, weights: Path | None, facts: DatasetFacts, notes: list[str]
) -> ExtractorSpec:
    """Return the extractor that was asked for, or the first that fits and whose weights are at hand.

    Args:
        suite: Names the extractor, or `auto`.
        registry: What exists.
        weights: The user's `--weights`.
        facts: Of the data that is scored against.
        notes: Told which one was chosen, and why.

    Raises:
        ConfigError: If it does not fit, or none does.
    """
    if suite.features != "auto":
        spec = registry.extractors.find(suite.features)
        misfit = extractor_misfit(spec, facts)
        if misfit:
            raise ConfigError(f"{misfit}: choose another with --features")
        return spec
    ranked = sorted((spec for spec in registry.extractors.values() if spec.auto_rank), key=lambda spec: spec.auto_rank)
    absent = []
    for spec in ranked:
        if extractor_misfit(spec, facts):
            continue
        if spec.weights is not None and locate_shared(spec.weights, weights) is None:
            absent.append(spec.name)
            continue
        if suite.resize and suite.resize not in spec.resizes:
            raise ConfigError(
                f"--features auto takes {spec.name} for {facts.reference}{_absent(absent)}, which knows no resize "
                f"{suite.resize!r}: name an extractor with --features"
            )
        notes.append(f"features of {facts.reference}: {spec.name}{_absent(absent)}")
        return spec
    raise ConfigError(f"no feature extractor fits {facts.reference}{_absent(absent)}: name one with --features")


def _absent(names: list[str]) -> str:
    return f" (weights of {', '.join(names)} are not on this machine)" if names else ""


def all_options(spec: Spec, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return every option of a plugin as plain values: the defaults, and over them the given ones."""
    config = build_config(spec.name, spec.config, values)
    return {item.name: _plain(getattr(config, item.name)) for item in options_of(spec.config)}


def all_inputs(spec: Spec, values: Mapping[str, Any]) -> dict[str, str]:
    """Return what the files hold that the options of a plugin name, by option.

    Raises:
        ConfigError: If an option that must be a path names nothing, or something that cannot be read.
    """
    config = build_config(spec.name, spec.config, values)
    options = {item.name: getattr(config, item.name) for item in options_of(spec.config)}
    try:
        found = inputs_of(options)
    except OSError as error:
        raise ConfigError(f"{error.filename}, an option of {spec.name}, cannot be read ({error.strerror})") from error
    missing = [f"{spec.name}.{name}={options[name]} does not exist" for name, content in found.items() if not content]
    if missing:
        raise ConfigError(*missing)
    return found


def _changed(spec: Spec, suite: Suite) -> dict[str, Any]:
    """Return the options of a plugin that differ from their defaults."""
    defaults = {item.name: _plain(item.default) for item in options_of(spec.config)}
    chosen = all_options(spec, suite.set.get(spec.name, {}))
    return {name: value for name, value in chosen.items() if value != defaults[name]}


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def protocol_of(suite: Suite, extractor: ExtractorSpec, samples: int, metrics: Iterable[MetricSpec]) -> Protocol:
    """Return the protocol of a suite, as far as it is known before anything is measured."""
    metrics = list(metrics)
    changed = {spec.name: _changed(spec, suite) for spec in metrics}
    inputs = {
        f"{spec.name}.{name}": content
        for spec in (extractor, *metrics)
        for name, content in all_inputs(spec, suite.set.get(spec.name, {})).items()
    }
    return Protocol(
        extractor=extractor.name,
        extractor_options=_changed(extractor, suite),
        resize=suite.resize or (extractor.resizes[0] if extractor.resizes else ""),
        reference_split=suite.reference_split,
        reference_count=suite.reference,
        sample_count=samples,
        metric_options={name: options for name, options in changed.items() if options},
        seed=suite.protocol_seed,
        inputs=inputs,
    )
