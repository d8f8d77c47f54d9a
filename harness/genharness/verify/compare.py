"""Comparing scores with those of independent libraries, over the same features and images."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from genharness.engine.memory import is_out_of_memory
from genharness.errors import ConfigError, DataError, GenharnessError, RunError, refuse
from genharness.external.request import External, Request
from genharness.external.score import evaluation_of, score_samples
from genharness.external.sources import may_be_cell
from genharness.files.paths import input_path
from genharness.kit.evaluation import Reconstructions
from genharness.measure.build import build_metrics
from genharness.measure.capabilities import Views
from genharness.measure.evaluation import SampleEvaluation
from genharness.measure.read_only import reading_only
from genharness.measure.scoring import score
from genharness.plugin.registry import Registry
from genharness.spec.options import build_config
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record
from genharness.spec.report import Report
from genharness.study.measuring import Measuring, select_metrics
from genharness.study.settings import choose
from genharness.verify import pairwise
from genharness.verify.base import Theirs
from genharness.verify.brute import BRUTE, brute_scores
from genharness.verify.peers import PEERS, Peer
from genharness.verify.subset import Subset

__all__ = ["INSTALL", "PeerScore", "compare", "is_cell", "request_of_cell", "verify_samples"]

INSTALL = "pip install 'genharness[verify]'"
"""What installs every library."""

_NONE = "no library"
_ALONE = "nothing recomputes it: no library defines it so, and it trains networks, asks a model or is a plugin's own"

Rescore = Callable[[str, SampleEvaluation], Mapping[str, float | None]]
"""Gives our scores of another evaluation, by column."""

Verdict = Literal["agrees", "differs", "the library fails here", "not compared"]


@dataclass(frozen=True, slots=True)
class PeerScore:
    """One score beside a library's.

    Attributes:
        key: Column key of the score, or the metric's name where nothing was compared.
        library: The library.
        ours: Our number, None where it is undefined.
        theirs: The library's number, or None.
        tolerance: How far they may differ.
        reason: Why nothing was compared, else empty.
        missing: What has to be installed before it can be, else empty.
        truth: What a brute force in float64 gives where the two are apart and one is affordable, else None.
        limit: What is known to defeat the library here, else empty.
        rows: Rows of each set at most that the numbers are of, where a brute force cannot take all; None: of all.
        part: The same of such a part, where the two are apart on more rows than a brute force can take.
    """

    key: str
    library: str
    ours: float | None = None
    theirs: float | None = None
    tolerance: float = 0.0
    reason: str = ""
    missing: str = ""
    truth: float | None = None
    limit: str = ""
    rows: int | None = None
    part: PeerScore | None = None

    @property
    def difference(self) -> float | None:
        """Ours minus theirs."""
        return None if self.ours is None or self.theirs is None else self.ours - self.theirs

    @property
    def verdict(self) -> Verdict:
        """Whether they agree; an undefined score agrees with one that is not finite.

        Where they do not, a brute force decides: the library fails here where it is ours that the brute force gives.
        """
        if self.reason:
            return "not compared"
        if self._agrees(self.ours, self.theirs):
            return "agrees"
        if self.part is not None and self.part.verdict == "the library fails here":
            return "the library fails here"
        ours_holds = self.truth is not None and self._agrees(self.ours, self.truth)
        return "the library fails here" if ours_holds else "differs"

    @property
    def why(self) -> str:
        """Why the verdict is what it is, where there is something to say; else empty."""
        if self.verdict in ("agrees", "not compared"):
            return ""
        if self.part is not None:
            numbers = ((BRUTE, self.part.truth), ("genharness", self.part.ours), (self.library, self.part.theirs))
            given = ", ".join(
                f"{name} {'nothing' if value is None else format(value, '.7g')}" for name, value in numbers
            )
            return "; ".join([f"on {self.part.rows:,} rows: {given}", *([self.limit] if self.limit else [])])
        if self.truth is None:
            return "no brute force is affordable here"
        return "; ".join([f"{BRUTE} gives {self.truth:.7g}", *([self.limit] if self.limit else [])])

    def _agrees(self, ours: float | None, theirs: float | None) -> bool:
        undefined = theirs is None or not math.isfinite(theirs)
        if ours is None or undefined or theirs is None:
            return ours is None and undefined
        return abs(ours - theirs) <= self.tolerance_of(theirs)

    def tolerance_of(self, value: float) -> float:
        """Return how far ours may be from a value: the tolerance, a relative 1e-4 where the library gave no number."""
        return self.tolerance if math.isfinite(self.tolerance) else 1e-4 * max(abs(value), 1.0)


def request_of_cell(record: Record, request: Request, registry: Registry) -> Request:
    """Return the request that measures a cell's samples as the cell was measured.

    Args:
        record: Of the cell.
        request: Gives device, weights and results folder.
        registry: Tells which metrics the record's scores are of.

    Raises:
        RunError: If the cell has no scores.
        ConfigError: If its protocol is none that could be asked for.
    """
    if not record.finished or not record.scores:
        raise RunError(f"cell {record.cell.id} has no scores ({record.status}): run it to its end first")
    protocol = record.cell.protocol
    options = {name: dict(values) for name, values in protocol.metric_options.items()}
    options[protocol.extractor] = dict(protocol.extractor_options)
    scored = [name for name in registry.metrics if _scored(name, record, registry)]
    values = {
        "metrics": list(dict.fromkeys([*scored, *protocol.metric_options])),
        "features": protocol.extractor,
        "resize": protocol.resize,
        "reference_split": protocol.reference_split,
        "reference": protocol.reference_count or None,
        "protocol_seed": protocol.seed,
        "set": {name: values for name, values in options.items() if values},
    }
    return dataclasses.replace(
        request,
        samples=[record.cell.id],
        dataset=record.cell.dataset,
        reference=None,
        measuring=build_config(f"record {record.cell.id}", Measuring, values),
    )


def verify_samples(
    one: External, registry: Registry, request: Request, report: Report, only: Sequence[str] = ()
) -> list[PeerScore]:
    """Compare the scores of a set, or those in the record of a cell, with every library that can compute them.

    A metric that was named and not scored is not compared, with the reason.

    Args:
        one: From `genharness.external.request.prepare`.
        registry: Where extractors and metrics are.
        request: What `one` was prepared from.
        report: Told of the progress.
        only: Names and patterns of the metrics to compare, as `--metrics` has them; all that were scored when empty.

    Raises:
        GenharnessError: If no metric is meant, or the features cannot be had or are not those of the cell's protocol.
    """
    metrics = dict(one.metrics)
    if one.record is not None:
        metrics |= _of_reconstructions(one.record, registry)
    wanted = _chosen(only, metrics, registry) if only else metrics
    if not wanted:
        raise ConfigError(f"{one.name} has no score by {', '.join(only) or 'any metric'}: name other --metrics")
    if one.record is None:
        evaluation = evaluation_of(one, registry, request, report)
        record = score_samples(one, registry, request, report, evaluation)
    else:
        evaluation = evaluation_of(one, registry, request, report, _views(one.record, registry, request))
        record = one.record
        _check_identity(one, record, evaluation)
    reasons = {**record.skipped, **record.failed}
    absent = {name: reasons.get(name, "it was not scored") for name in wanted if not _scored(name, record, registry)}

    def rescored(metric: str, part: SampleEvaluation) -> Mapping[str, float | None]:
        found = score(build_metrics(registry, {metric: wanted[metric]}), part)
        return {key: value for one in found for key, value in one.values.items()}

    return compare(
        record.scores, wanted, evaluation, absent=absent, rescore=rescored, report=lambda text: report(0, 0, text)
    )


def _chosen(
    words: Sequence[str], metrics: Mapping[str, Mapping[str, Any]], registry: Registry
) -> dict[str, Mapping[str, Any]]:
    """Return what words choose of the metrics, and of others those that are named outright, with their defaults."""
    specs, mistakes = select_metrics(registry, words)
    refuse(mistakes)
    return {
        spec.name: metrics[spec.name] if spec.name in metrics else choose(spec, {}).options
        for spec in specs
        if spec.name in metrics or spec.name in words
    }


def _scored(name: str, record: Record, registry: Registry) -> bool:
    return any(column.key in record.scores for column in registry.metrics.find(name).columns)


def _views(record: Record, registry: Registry, request: Request) -> Views:
    """Return what the model of a trained cell can do that its samples cannot tell: reconstruct."""

    def reconstructions() -> Reconstructions:
        from genharness.cells.reconstruct import reconstruct_from

        return reconstruct_from(record, registry, results=request.results, device=request.device)

    return {"reconstructions": reconstructions}


def _of_reconstructions(record: Record, registry: Registry) -> dict[str, Mapping[str, Any]]:
    """Return the metrics of a record that the samples alone do not give, with every option."""
    own = record.cell.protocol.metric_options
    return {
        spec.name: choose(spec, own).options
        for spec in registry.metrics.values()
        if "reconstructions" in spec.needs and _scored(spec.name, record, registry)
    }


def _check_identity(one: External, record: Record, evaluation: SampleEvaluation) -> None:
    """Refuse features of another extractor than the record's: they could only disagree."""
    identity = evaluation.built_extractor(one.protocol.extractor).identity
    now = dataclasses.replace(one.protocol, extractor_identity=identity, dataset_hash=one.reference.content_hash)
    if now.hash == record.protocol_hash:
        return
    then = Protocol.from_plain(record.protocol).identity
    changed = [key for key, value in now.identity.items() if then.get(key) != value]
    raise DataError(
        f"cell {record.cell.id} was measured under another protocol ({', '.join(changed)} changed since): run it again"
    )


def compare(
    ours: Mapping[str, float | None],
    metrics: Mapping[str, Mapping[str, Any]],
    evaluation: SampleEvaluation,
    *,
    absent: Mapping[str, str] | None = None,
    peers: Sequence[Peer] = PEERS,
    rescore: Rescore | None = None,
    report: Callable[[str], None] = lambda text: None,
) -> list[PeerScore]:
    """Return every score beside the libraries' numbers.

    Args:
        ours: Scores by column key.
        metrics: Metrics to compare, with every option.
        evaluation: What the scores were computed from.
        absent: Metrics that gave no scores, with the reason; no library is asked for them.
        peers: The libraries.
        rescore: Where all rows are too many for a brute force, a part is scored by it, too; None: nothing is then said.
        report: Told what is being computed.

    Raises:
        ConfigError: If no library computes any of the metrics.
    """
    wanted = [peer for peer in peers if peer.metric in metrics and peer.applies(metrics[peer.metric])]
    if not wanted:
        known = ", ".join(dict.fromkeys(peer.metric for peer in peers))
        raise ConfigError(f"no library recomputes {', '.join(metrics) or 'these metrics'}: choose of {known}")
    found: list[PeerScore] = []
    for peer in wanted:
        if absent and peer.metric in absent:
            found.append(PeerScore(peer.metric, peer.library, reason=absent[peer.metric]))
            continue
        report(f"{peer.metric} by {peer.library}")
        found += _by(peer, ours, metrics[peer.metric], evaluation, rescore)
    alone = [name for name in metrics if name not in {peer.metric for peer in wanted}]
    return found + [PeerScore(name, _NONE, reason=_ALONE) for name in alone]


def _by(
    peer: Peer,
    ours: Mapping[str, float | None],
    options: Mapping[str, Any],
    evaluation: SampleEvaluation,
    rescore: Rescore | None,
) -> list[PeerScore]:
    try:
        theirs = _asked(peer, evaluation, options)
    except ModuleNotFoundError as error:
        missing = _distribution((error.name or peer.library).partition(".")[0], peer.library)
        return [PeerScore(peer.metric, peer.library, reason=f"{missing} is missing: {INSTALL}", missing=missing)]
    except pairwise.TooManyRowsError as error:
        if rescore is None:
            return [PeerScore(peer.metric, peer.library, reason=_reason(error))]
        return _of_part(peer, options, evaluation, rescore)
    except Exception as error:  # other people's code may raise anything, which must not cost the other libraries
        if is_out_of_memory(error):
            raise
        return [PeerScore(peer.metric, peer.library, reason=_reason(error))]
    found = _beside(peer, ours, theirs)
    if peer.library == BRUTE or all(one.verdict in ("agrees", "not compared") for one in found):
        return found
    limit = peer.limit(evaluation, options)
    try:
        truths = brute_scores(peer.metric, evaluation, options)
    except pairwise.TooManyRowsError:
        parts = {one.key: one for one in _of_part(peer, options, evaluation, rescore)} if rescore else {}
        return [dataclasses.replace(one, part=parts.get(one.key), limit=limit) for one in found]
    return [dataclasses.replace(one, truth=truths.get(one.key), limit=limit) for one in found]


def _distribution(module: str, library: str) -> str:
    """Return what to install for a module: the library itself, where it is called like it but for hyphens."""
    plain = module.replace("_", "-")
    return library if plain.replace("-", "") == library.replace("-", "") else plain


def _asked(peer: Peer, evaluation: SampleEvaluation, options: Mapping[str, Any]) -> Mapping[str, Theirs]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a library divides by zero shows in its number
        with reading_only():
            return peer.compute(evaluation, options)


def _beside(peer: Peer, ours: Mapping[str, float | None], theirs: Mapping[str, Theirs]) -> list[PeerScore]:
    shared = [key for key in theirs if key in ours]
    if not shared:
        return [PeerScore(peer.metric, peer.library, reason="it was not scored")]
    return [PeerScore(key, peer.library, ours[key], theirs[key].value, theirs[key].tolerance) for key in shared]


def _of_part(peer: Peer, options: Mapping[str, Any], evaluation: SampleEvaluation, rescore: Rescore) -> list[PeerScore]:
    """Return what both give of as many rows as a brute force can take, with what that gives."""
    part = Subset(evaluation, pairwise.MOST_ROWS)
    try:
        found = _beside(peer, rescore(peer.metric, part), _asked(peer, part, options))
        truths = brute_scores(peer.metric, part, options)
    except Exception as error:  # as in `_by`
        if is_out_of_memory(error):
            raise
        return [PeerScore(peer.metric, peer.library, reason=_reason(error))]
    return [dataclasses.replace(one, rows=pairwise.MOST_ROWS, truth=truths.get(one.key)) for one in found]


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    expected = isinstance(error, (GenharnessError, ValueError))
    return text if expected and text else f"it failed: {type(error).__name__}: {text[:300]}"


def is_cell(word: str, results: Path) -> bool:
    """Whether a word can only be the id of a cell: no such path, and a results folder that may know it.

    Raises:
        DataError: If it is no possible name.
    """
    return input_path(word) is None and may_be_cell(word, results)
