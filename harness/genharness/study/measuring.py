"""What trained models and samples made elsewhere are measured with: metrics, extractor, options, protocol."""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from genharness.errors import ConfigError, attempt, did_you_mean, refuse, shown
from genharness.plugin.registry import Kind, Registry
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.dataset_name import MOST_SAMPLES
from genharness.spec.options import PluginOptions, option
from genharness.spec.plugins import ExtractorSpec, MetricSpec, ModelSpec, Remote
from genharness.spec.protocol import Protocol
from genharness.spec.published import PUBLISHED
from genharness.study.compatibility import extractor_misfit
from genharness.study.settings import Chosen, S, choose

__all__ = [
    "LARGEST_SEED",
    "Measuring",
    "choose_extractor",
    "feature_errors",
    "over_training",
    "protocol_of",
    "select",
    "select_metrics",
    "settled",
]

M = TypeVar("M", bound="Measuring")

LARGEST_SEED = 2**64 - 1
"""What torch's generators take at most, and JSON's readers keep whole."""


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """What is measured, over which features, against which samples.

    Attributes:
        metrics: Names, patterns, `all`, or `default`.
        protocol: Name of published settings (`genharness.spec.published`), which settle features, resize, samples and
            reference; empty for one's own.
        features: An extractor, or `auto`.
        resize: Resize convention of the extractor; empty for its default.
        samples: Generated samples to score; None lets the budget and the held-out split decide.
        reference: At most so many reference samples; None for the whole split.
        reference_split: Split that samples are compared with.
        protocol_seed: Seed of subsets, sampling and metrics' own randomness.
        set: Options by plugin name.
    """

    metrics: tuple[str, ...] = option(("default",), help="Names, patterns, all, or default")
    protocol: str = option("", choices=("", *PUBLISHED), help="Settings of papers: published, or published-10k")
    features: str = option("auto", help="Feature extractor, or auto")
    resize: str = option("", help="Resize convention of the extractor, such as clean or legacy-tf")
    samples: int | None = option(None, low=2, high=MOST_SAMPLES, help="Generated samples to score")
    reference: int | None = option(None, low=2, high=MOST_SAMPLES, help="Reference samples at most")
    reference_split: str = option("train", help="Split of the dataset to compare with")
    protocol_seed: int = option(0, low=0, high=LARGEST_SEED, help="Seed of the protocol: subsets, sampling, metrics")
    set: PluginOptions = option({}, help="Options by plugin name")


def settled(measuring: M) -> tuple[M, list[str]]:
    """Return what is measured with the settings of the protocol that it names, and what contradicts them."""
    wanted = PUBLISHED.get(measuring.protocol, {})
    usual = {field.name: field.default for field in dataclasses.fields(Measuring)}
    own = {name: getattr(measuring, name) for name in wanted}
    wrong = [
        f"protocol {measuring.protocol} has {name.replace('_', ' ')} {_shown(value)}, and {_shown(own[name])} was "
        "asked for: leave one of them out"
        for name, value in wanted.items()
        if own[name] not in (usual[name], value)
    ]
    return dataclasses.replace(measuring, **wanted), wrong


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "all" if value is None else str(value)


def select(kind: Kind[S], wanted: Iterable[str]) -> tuple[list[S], list[str]]:
    """Return the specs that names and patterns choose, in the order asked for, and every mistake.

    A name may be followed by a colon and the argument of a model that takes one (`ModelSpec.argument`); such a model is
    chosen by its name only.
    """
    chosen: dict[str, S] = {}
    mistakes: list[str] = []
    for word in wanted:
        name, colon, argument = word.partition(":")
        if colon:
            found, wrong = attempt(functools.partial(_with_argument, kind, name, argument))
            chosen |= {} if found is None else {word: found}
            mistakes += wrong
            continue
        pattern = "*" if word == "all" else word
        names = _fitting(kind, pattern) if any(sign in pattern for sign in "*?[") else [pattern]
        if not names:
            mistakes.append(f"no {kind.word} fits the pattern {shown(word)!r}{kind.hint(word)}")
        for name in names:
            try:
                chosen[name] = kind.find(name)
            except ConfigError as error:
                mistakes += error.lines
    if not chosen and not mistakes:
        mistakes.append(f"no {kind.word} was named: name at least one, or all")
    return list(chosen.values()), mistakes


def _fitting(kind: Kind[S], pattern: str) -> list[str]:
    return [name for name in fnmatch.filter(kind, pattern) if not getattr(kind[name], "argument", "")]


def _with_argument(kind: Kind[S], name: str, argument: str) -> S:
    spec = kind.find(name)
    if not (isinstance(spec, ModelSpec) and spec.argument and argument):
        needs = "needs something behind the colon" if getattr(spec, "argument", "") else "takes nothing behind a colon"
        raise ConfigError(f"{kind.word} {name} {needs}")
    return cast(S, spec.given(argument))


def select_metrics(registry: Registry, wanted: Iterable[str]) -> tuple[list[MetricSpec], list[str]]:
    """Return the metrics that names, patterns and `default` choose, and every mistake."""
    default = [spec.name for spec in registry.metrics.values() if spec.default]
    return select(registry.metrics, [name for word in wanted for name in (default if word == "default" else [word])])


def over_training(wanted: Iterable[str], metrics: Sequence[MetricSpec]) -> tuple[tuple[str, ...], list[str]]:
    """Return the names of the metrics that score over training, in their order, and every mistake.

    Args:
        wanted: Names and patterns of the run's metrics, `all`, or `default`: those that are meant for it.
        metrics: The metrics of the run.
    """
    chosen: set[str] = set()
    mistakes: list[str] = []
    known = [spec.name for spec in metrics]
    for word in wanted:
        if word == "default":
            chosen |= {spec.name for spec in metrics if spec.periodic}
            continue
        names = fnmatch.filter(known, "*" if word == "all" else word)
        chosen |= set(names)
        if not names:
            mistakes.append(
                f"--score-metrics {shown(word)} is no metric of this run{did_you_mean(word, known)}: "
                "name one of --metrics, or add it there"
            )
    return tuple(name for name in known if name in chosen), mistakes


def feature_errors(measuring: Measuring, registry: Registry) -> list[str]:
    """Return what is wrong with the extractor and resize that were asked for."""
    if measuring.features == "auto":
        return []
    try:
        spec = registry.extractors.find(measuring.features)
    except ConfigError as error:
        return list(error.lines)
    if measuring.resize and measuring.resize not in spec.resizes:
        known = ", ".join(spec.resizes) or "none"
        return [f"extractor {spec.name} has no resize {shown(measuring.resize)!r}; known: {known}"]
    return []


def choose_extractor(
    measuring: Measuring, registry: Registry, facts: DatasetFacts, at_hand: Callable[[Remote], bool]
) -> tuple[ExtractorSpec, str]:
    """Return the extractor that was asked for, or the first that fits and whose weights are at hand.

    Args:
        measuring: Names the extractor, or `auto`.
        registry: What exists.
        facts: Of the data that is scored against.
        at_hand: Whether pretrained weights are on this machine.

    Returns:
        The extractor, and a line that says why it is that one; an empty line where it was asked for.

    Raises:
        ConfigError: If it does not fit, or none does.
    """
    if measuring.features != "auto":
        spec = registry.extractors.find(measuring.features)
        misfit = extractor_misfit(spec, facts)
        refuse([f"{misfit}: choose another with --features"] if misfit else [])
        return spec, ""
    ranked = sorted((spec for spec in registry.extractors.values() if spec.auto_rank), key=lambda spec: spec.auto_rank)
    absent = []
    for spec in ranked:
        if extractor_misfit(spec, facts):
            continue
        if spec.weights is not None and not at_hand(spec.weights):
            absent.append(spec.name)
            continue
        if measuring.resize and measuring.resize not in spec.resizes:
            raise ConfigError(
                f"--features auto takes {spec.name} for {facts.reference}{_absent(absent)}, which knows no resize "
                f"{shown(measuring.resize)!r}: name an extractor with --features"
            )
        return spec, f"features of {facts.reference}: {spec.name}{_absent(absent)}"
    raise ConfigError(f"no feature extractor fits {facts.reference}{_absent(absent)}: name one with --features")


def _absent(names: list[str]) -> str:
    return f" (weights of {', '.join(names)} are not on this machine)" if names else ""


def protocol_of(
    measuring: Measuring,
    extractor: ExtractorSpec,
    samples: int,
    metrics: Iterable[Chosen[MetricSpec]],
    split: str | None = None,
) -> Protocol:
    """Return the protocol, as far as it is known before anything is measured.

    Args:
        measuring: What was asked for.
        extractor: The one that was chosen.
        samples: How many samples are scored.
        metrics: With their options.
        split: What is compared with where it is no split of a dataset.
    """
    own = choose(extractor, measuring.set)
    metrics = list(metrics)
    return Protocol(
        extractor=extractor.name,
        extractor_options=own.changed,
        resize=measuring.resize or (extractor.resizes[0] if extractor.resizes else ""),
        reference_split=split or measuring.reference_split,
        reference_count=measuring.reference or 0,
        sample_count=samples,
        metric_options={metric.spec.name: metric.changed for metric in metrics if metric.changed},
        seed=measuring.protocol_seed,
        inputs=_named(own) | {name: held for metric in metrics for name, held in _named(metric).items()},
    )


def _named(chosen: Chosen[S]) -> dict[str, str]:
    """Return what the files hold that options of a plugin name, by `PLUGIN.OPTION`."""
    return {f"{chosen.spec.name}.{name}": held for name, held in chosen.inputs.items()}
