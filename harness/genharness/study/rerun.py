"""Doing a cell again with its recorded settings, and whether it came out the same. Torch-free."""

from __future__ import annotations

import dataclasses
import functools
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genharness.errors import ConfigError, attempt, refuse
from genharness.identity.parts import training_code
from genharness.plugin.registry import Registry
from genharness.results.provenance import changed_files, other_code
from genharness.spec.cell import Cell, Task
from genharness.spec.columns import Column
from genharness.spec.length import parse_length
from genharness.spec.options import build_config, option_errors, options_of
from genharness.spec.protocol import Protocol, protocol_difference
from genharness.spec.record import Record
from genharness.study.running import Running, settings_of
from genharness.study.settings import TrainingOptions, by_stage, choose
from genharness.study.suite import Suite

__all__ = ["TOLERANCE", "Agreement", "agreement", "record_errors", "repetition"]

TOLERANCE = 0.1
"""Relative difference of scores that is put down to another machine: it rounds otherwise, and training amplifies it."""

ERRORS = 3.0
"""Or so many standard errors of evaluating, where a score has one: near zero a relative difference says nothing."""

_DECIDES = ("cpu", "cpu_kind", "threads", "device", "gpu", "cuda", "driver", "deterministic")
_PACKAGES = ("torch", "numpy", "genharness")


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Whether a repetition came out as the record says.

    Attributes:
        inexact: Why the two need not be equal to the last bit; empty where they must.
        compared: How many scores and loss values were compared.
        disagreements: What came out otherwise, a line each.
    """

    inexact: list[str] = field(default_factory=list)
    compared: int = 0
    disagreements: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether nothing came out otherwise."""
        return not self.disagreements


def repetition(record: Record, registry: Registry, results: Path, *, device: str, weights: Path | None = None) -> Task:
    """Return the task that repeats a cell as it was recorded.

    Args:
        record: The cell's record.
        registry: Where its plugins are.
        results: Where the repetition goes: another results folder.
        device: Device to run on.
        weights: The user's pretrained weights, which a record does not know the place of.

    Raises:
        ConfigError: If the cell did not finish, or is no trained one, or a plugin is gone, or for everything in the
            record that no run could have been asked for.
    """
    if record.source != "trained":
        raise ConfigError(f"{record.cell.id} are samples made elsewhere: score them again with `genharness evaluate`")
    if not record.finished:
        raise ConfigError(f"{record.cell.id} has not finished ({record.status}): there is nothing to repeat")
    refuse(record_errors(record, registry))
    changed = changed_files(record.cell)
    if changed:
        raise ConfigError(f"{changed[0]} holds other content than when {record.cell.id} was run: put that back first")
    own = record.cell.protocol.metric_options
    metrics = {
        spec.name: choose(spec, own).options
        for spec in registry.metrics.values()
        if any(column.key in record.scores for column in spec.columns)
    }
    running: Running = build_config(f"record {record.cell.id}", Running, _running(record))
    settings = settings_of(running, results, device, weights=weights)
    cell = _by_present_code(record.cell, registry)
    return Task(cell=cell, metrics=metrics, settings=settings, skipped=record.skipped)


def _by_present_code(cell: Cell, registry: Registry) -> Cell:
    """Return a cell as it would be planned now; one from before code was known stays as it was."""
    if not cell.code:
        return cell
    options, sampling = by_stage(registry.models.find(cell.model), cell.every_option)
    return dataclasses.replace(cell, options=options, sampling=sampling, code=training_code(registry, cell.model))


def _running(record: Record) -> dict[str, Any]:
    """Return how the cell was run, as `Running` has it."""
    threads, curves = record.environment.get("threads") or 0, record.history.scores
    values = {
        "threads": min(threads, os.cpu_count() or 1) if isinstance(threads, int) else threads,
        "deterministic": bool(record.environment.get("deterministic")),
    }
    first = [curves[key][0] or 0 for key in ("step", "samples") if curves.get(key)]
    if len(first) < 2 or min(first) < 1:  # it was not scored over training
        return values
    return values | {"score_every": f"{int(first[0])}steps", "score_samples": int(first[1])}


def record_errors(record: Record, registry: Registry) -> list[str]:
    """Return what of a record's cell could not have been asked for, one line each: records come from strangers too."""
    cell, owner = record.cell, f"record {record.cell.id}"
    asked: dict[str, object] = {"seeds": [cell.seed], "budget": cell.budget, "compile": cell.compiled}
    asked |= {"device": cell.device, "precision": cell.precision, "protocol_seed": cell.protocol.seed}
    asked |= {"samples": cell.protocol.sample_count, "reference": cell.protocol.reference_count or None}
    asked["reference_split"] = cell.protocol.reference_split
    training = {item.name: getattr(cell, item.name) for item in options_of(TrainingOptions)}
    mistakes = option_errors(owner, Suite, asked) + option_errors(owner, TrainingOptions, training)
    for kind, name, options in (
        (registry.models, cell.model, cell.every_option),
        (registry.extractors, cell.protocol.extractor, cell.protocol.extractor_options),
    ):
        spec, unknown = attempt(functools.partial(kind.find, name))
        mistakes += unknown if spec is None else option_errors(name, spec.config, options)
    return mistakes if cell.length == "0steps" else [*mistakes, *option_errors(owner, Suite, {"budget": cell.length})]


def agreement(before: Record, after: Record, registry: Registry) -> Agreement:
    """Compare a cell with its repetition: exactly where the machine is the same, else within `TOLERANCE` or `ERRORS`.

    Losses are compared only exactly: where rounding differs, a single loss says nothing. The same holds for scores
    that are better at neither end, such as deviations over splits.

    Args:
        before: The cell's record, maybe published.
        after: That of its repetition.
        registry: Tells what the columns of scores are, and which extractors are trained on the data.
    """
    inexact, disagreements = _inexact(before, after), list[str]()
    if before.protocol_hash != after.protocol_hash:
        told, known = _protocol(before, after), "cpu_kind" in before.environment
        elsewhere = bool(inexact) or not known  # records of before do not say which of several kinds it was
        also = elsewhere and _only_trained_otherwise(before, after, registry)
        (inexact if also else disagreements).append(told)
    columns = {column.key: column for spec in registry.metrics.values() for column in spec.columns}
    held = [
        key for key in before.scores if not inexact or key not in columns or columns[key].higher_is_better is not None
    ]
    missing = [f"{key} was not computed again" for key in before.scores if key not in after.scores]
    disagreements += missing + _scores(before, after, held, columns, exact=not inexact)
    compared = len(held)
    if not inexact:
        curves: dict[str, tuple[Mapping[str, Sequence[Any]], Mapping[str, Sequence[Any]]]] = {
            "losses": (before.history.losses, after.history.losses),
            "scores": (before.history.scores, after.history.scores),
        }
        for name, (one, other) in curves.items():
            disagreements += _curves(name, one, other)
            compared += sum(len(values) for key, values in one.items() if key != "step")
    return Agreement(inexact=inexact, compared=compared, disagreements=disagreements)


def _inexact(before: Record, after: Record) -> list[str]:
    one, other = before.environment, after.environment
    reasons = [
        f"{key.replace('_', ' ')} {one.get(key)} then, {other.get(key)} now"
        for key in _DECIDES
        if one.get(key) != other.get(key) and not (key == "cpu_kind" and key not in one)
    ]
    packages, packages_now = one.get("packages", {}), other.get("packages", {})
    reasons += [
        f"{name} {packages.get(name)} then, {packages_now.get(name)} now"
        for name in _PACKAGES
        if packages.get(name) != packages_now.get(name)
    ]
    reasons += [f"{line} since" for line in other_code(before, after)]
    if before.cell.device != "cpu" and not one.get("deterministic"):
        reasons.append("a GPU without --deterministic")
    if parse_length(before.cell.length).unit == "s":
        reasons.append("trained by the clock, so not for the same number of steps")
    return reasons


def _protocol(before: Record, after: Record) -> str:
    one, other = Protocol.from_plain(before.protocol), Protocol.from_plain(after.protocol)
    return f"it was not measured alike: {protocol_difference(one, other)}"


def _only_trained_otherwise(before: Record, after: Record, registry: Registry) -> bool:
    """Whether the same was measured by an extractor that was trained on the same data, to other weights.

    Its training is repeated as that of the model is: where the arithmetic is another, so are its last bits.
    """
    one, other = Protocol.from_plain(before.protocol), Protocol.from_plain(after.protocol)
    trained = one.extractor in registry.extractors and registry.extractors.find(one.extractor).needs_labels
    return trained and dataclasses.replace(one, extractor_identity=other.extractor_identity) == other


def _has_a_better_end(column: Column | None) -> bool:
    return column is None or column.higher_is_better is not None


def _scores(
    before: Record, after: Record, held: Iterable[str], columns: Mapping[str, Column], *, exact: bool
) -> list[str]:
    lines = []
    for key in held:
        if key not in after.scores:
            continue
        one, other = before.scores[key], after.scores[key]
        step = columns[key].resolution if key in columns else 0.0
        allowed = ERRORS * math.hypot(before.errors.get(key) or 0.0, after.errors.get(key) or 0.0)
        slack = 0.0 if exact else max(allowed, step if isinstance(step, float | int) else 0.0)
        if not _close(one, other, 0.0 if exact else TOLERANCE, slack):
            lines.append(f"{key} {one!r} became {other!r}")
    return lines


def _close(before: float | None, after: float | None, tolerance: float, slack: float) -> bool:
    if before is None or after is None:
        return before is after
    return abs(before - after) <= max(tolerance * max(abs(before), abs(after)), slack)


def _curves(name: str, before: Mapping[str, Sequence[Any]], after: Mapping[str, Sequence[Any]]) -> list[str]:
    """Return where each curve first differs."""
    lines = []
    for key, values in before.items():
        repeated = after.get(key, [])
        place = next((i for i, pair in enumerate(zip(values, repeated, strict=False)) if pair[0] != pair[1]), None)
        if place is not None:
            step = dict(enumerate(before.get("step", ()))).get(place)
            lines.append(f"{name}: {key} differs from step {step} on ({values[place]!r} became {repeated[place]!r})")
        elif len(values) != len(repeated):
            lines.append(f"{name}: {key} has {len(repeated)} points, and had {len(values)}")
    return lines
