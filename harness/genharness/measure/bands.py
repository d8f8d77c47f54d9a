"""Real against real: what scores are where nothing is generated, so that others can be read against it.

The real data is divided anew into as large splits as it has, class by class where it has classes. One split takes the
place of the reference, samples of the other that of the generated ones: each division scores as held-out real samples
would, had the data been divided so. What tells copies of training data from new data compares samples with training and
with held-out rows: there, both are taken of the rows that do not stand for generated ones.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.files.home import home
from genharness.kit.evaluation import Metric, SampleSet
from genharness.kit.extractor import Extracted
from genharness.measure.evaluation import Noted, SampleData, SampleEvaluation
from genharness.measure.score_cache import ScoreCache
from genharness.measure.scoring import MetricResult, score
from genharness.plugin.registry import Registry
from genharness.spec.capabilities import CAPABILITIES
from genharness.spec.plugins import MetricSpec
from genharness.spec.protocol import Protocol
from genharness.spec.record import Band, within

__all__ = ["Divided", "Places", "RealDraws", "Regrouped", "draw_real", "drawn", "draws_for", "kept_draws"]

Places = NDArray[np.int64]
"""Rows of the train and the test split, one behind the other."""

_DRAWS = ((10_000, 20), (100_000, 10))
_FEWEST_DRAWS = 5

_SURPRISE = 6.0
"""Deviations of a draw."""


def draws_for(rows: int) -> int:
    """Return how often real data is divided anew, where so many rows are compared.

    A prediction interval holds 95 % with any number of draws: it is 2.14 deviations to each side with 20, 2.37 with 10,
    3.04 with 5, and could not get below 1.96. Large data is scored for minutes, small data within the time of a run.
    """
    return next((draws for most, draws in _DRAWS if rows <= most), _FEWEST_DRAWS)


class Regrouped(SampleEvaluation):
    """An evaluation of real samples against real ones, whose features are those of the data they are taken from.

    Args:
        whole: The evaluation of the data as it is.
        places: Which rows of its train and test split, one behind the other, are in each set; they ascend.
    """

    def __init__(self, whole: SampleEvaluation, places: Mapping[SampleSet, Places]) -> None:
        super().__init__(
            {},
            whole.protocol,
            whole.built_extractor,
            classifier=whole.classifier,
            class_names=whole.class_names,
            device=whole.device,
            errors_wanted=False,
        )
        self._whole = whole
        self._places = places

    def _set(self, which: SampleSet) -> SampleData:
        if which not in self._sets:
            places, labels = self._places[which], _both(self._whole.labels)
            samples = _rows([self._whole.samples(split) for split in ("train", "test")], places)
            self._sets[which] = SampleData(samples, None if labels is None else labels[places], {})
        return self._sets[which]

    def _load_or_extract(self, which: SampleSet, name: str) -> Extracted:
        parts = [self._whole.extracted(split, name) for split in ("train", "test")]
        logits = [part.logits for part in parts if part.logits is not None]
        places = self._places[which]
        features = _rows([part.features for part in parts], places)
        return Extracted(features, _rows(logits, places) if len(logits) == len(parts) else None)

    def _load_or_derive(
        self, what: str, sets: tuple[SampleSet, ...], compute: Callable[[], Mapping[str, NDArray[Any]]]
    ) -> Mapping[str, NDArray[Any]]:
        return compute()


class Divided(Regrouped):
    """Real samples in the place of generated ones, the data divided anew.

    Args:
        whole: The evaluation of the data as it is: its train and test splits are divided anew.
        count: Samples in the place of generated ones, at most as many as the split has that they are taken from.
        draw: Which division; the protocol's seed and it decide.
    """

    def __init__(self, whole: SampleEvaluation, count: int, draw: int) -> None:
        super().__init__(whole, _divided(whole, count, np.random.default_rng([whole.seed, 31, draw])))


@dataclass(frozen=True)
class RealDraws:
    """What metrics gave of real samples against other real ones, over all divisions of the data.

    Attributes:
        results: For each metric the means over draws as its values, the deviations as their errors.
        count: Samples in the place of generated ones.
        draws: How often the data was divided.
    """

    results: Sequence[MetricResult]
    count: int
    draws: int

    def bands(self, own: Iterable[MetricResult] = ()) -> dict[str, Band]:
        """Return the band of every score.

        A band is the prediction interval of one more draw, mean ± t sd sqrt(1 + 1 / draws), and reaches to what the
        data's own split scores where that lies outside: the split can differ by more than chance, and an extractor that
        is trained on one side of it knows that side better. It ends where the values that a column can have do: draws
        of a distance are skewed, and their mean less twice their deviation can lie below 0.

        Args:
            own: What the metrics gave of the data's own split.
        """
        at_home = {key: value for result in own for key, value in result.values.items()}
        columns = {column.key: column for one in self.results for column in one.metric.columns}
        return {
            key: within(self._band(mean, deviation, at_home.get(key)), columns[key].limits)
            for key, (mean, deviation) in self._moments().items()
        }

    def surprises(self) -> list[str]:
        """Return in words which scores are not what they are for any continuous distribution.

        Metrics state that as the fact `expected_` and the column's key. More than six deviations off, the data has
        duplicates, or the extractor makes one of what differs.
        """
        expected = {key: value for result in self.results for key, value in result.noted.facts.items()}
        return [
            f"{key} of real samples against real ones is {mean:.3g}, and of any continuous distribution "
            f"{expected[f'expected_{key}']:.3g}: the data holds duplicates, or the extractor makes one of what differs"
            for key, (mean, deviation) in self._moments().items()
            if abs(mean - expected.get(f"expected_{key}", mean)) > _SURPRISE * deviation
        ]

    def _moments(self) -> dict[str, tuple[float, float]]:
        found = ((key, mean, one.errors.get(key)) for one in self.results for key, mean in one.values.items())
        return {key: (mean, deviation) for key, mean, deviation in found if mean is not None and deviation is not None}

    def _band(self, mean: float, deviation: float, own: float | None) -> Band:
        from scipy.special import stdtrit

        margin = float(stdtrit(self.draws - 1, 0.975)) * deviation * math.sqrt(1 + 1 / self.draws)
        ends = [mean - margin, mean + margin, *([] if own is None else [own])]
        return Band(low=min(ends), high=max(ends), draws=self.draws, count=self.count)


def draw_real(
    whole: SampleEvaluation,
    metrics: Sequence[tuple[MetricSpec, Metric]],
    *,
    count: int,
    draws: int,
    kept: tuple[ScoreCache, Mapping[str, Mapping[str, Any]]] | None = None,
    on_draw: Callable[[int], None] = lambda draw: None,
) -> RealDraws:
    """Score real samples against other real ones by every metric that needs no model.

    Args:
        whole: The evaluation of held-out real samples, whose train and test splits are divided anew.
        metrics: What scores.
        count: Samples in the place of generated ones.
        draws: How often the data is divided, at least 2.
        kept: Where the draws of a metric are kept, and the options of every metric; None to keep nothing.
        on_draw: Told the number of each draw before it.
    """
    free = [(spec, metric) for spec, metric in metrics if not set(spec.needs) & CAPABILITIES.keys()]
    found = {spec.name: kept[0].find(spec, kept[1][spec.name]) if kept else None for spec, _ in free}
    missing = [(spec, metric) for spec, metric in free if found[spec.name] is None]
    for result in drawn(missing, lambda draw: Divided(whole, count, draw), draws, on_draw) if missing else ():
        found[result.metric.name] = result
        if kept and result.values:
            kept[0].keep(result, kept[1][result.metric.name])
    return RealDraws([one for one in found.values() if one is not None], count, draws)


def kept_draws(
    whole: SampleEvaluation,
    metrics: Sequence[tuple[MetricSpec, Metric]],
    options: Mapping[str, Mapping[str, Any]],
    registry: Registry,
    protocol: Protocol,
    *,
    on_draw: Callable[[int, int], None] = lambda draw, draws: None,
    compute: bool = True,
) -> RealDraws:
    """Return what `draw_real` gives, kept by the content of the data: rows of one protocol share it.

    Args:
        whole: The evaluation of samples, with the splits of the data that they are compared with.
        metrics: What scores.
        options: All options of every metric.
        registry: Where metrics are.
        protocol: With the hashes of what was read.
        on_draw: Told the number of each draw before it, and of how many.
        compute: Whether what is not kept is computed; else it is left out.
    """
    count = len(whole.samples("fake"))
    draws = draws_for(len(whole.samples("real")) + count)
    if protocol.reference_split not in ("train", "test"):  # what is divided anew are these two
        return RealDraws([], count, draws)
    other = {key: value for key, value in protocol.identity.items() if key not in ("metric_options", "inputs")}
    key = {"bands": draws, "division": 2, "count": count, "protocol": other}
    cache = ScoreCache(home() / "scores", registry, whole, key)
    if not compute:
        metrics = [(spec, metric) for spec, metric in metrics if cache.find(spec, options[spec.name]) is not None]
    kept = (cache, options)
    return draw_real(whole, metrics, count=count, draws=draws, kept=kept, on_draw=lambda draw: on_draw(draw, draws))


def drawn(
    metrics: Sequence[tuple[MetricSpec, Metric]],
    division: Callable[[int], SampleEvaluation],
    draws: int,
    on_draw: Callable[[int], None] = lambda draw: None,
) -> Iterator[MetricResult]:
    """Yield for each metric the means over draws as its values, and the deviations as their errors.

    Args:
        metrics: What scores.
        division: Gives the evaluation of a draw by its number.
        draws: How many, at least 2.
        on_draw: Told the number of each draw before it.
    """
    values: dict[str, dict[str, list[float | None]]] = defaultdict(lambda: defaultdict(list))
    noted = {spec.name: Noted() for spec, _ in metrics}
    for draw in range(draws):
        on_draw(draw)
        for result in score(metrics, division(draw)):
            noted[result.metric.name].extractors.update(result.noted.extractors)
            noted[result.metric.name].facts.update(result.noted.facts)
            for key, value in result.values.items():
                values[result.metric.name][key].append(value)
    for spec, _ in metrics:
        numbers = {key: np.array(all_of, float) for key, all_of in values[spec.name].items() if _defined(all_of, draws)}
        yield MetricResult(
            metric=spec,
            values={key: float(all_of.mean()) for key, all_of in numbers.items()},
            errors={key: float(all_of.std(ddof=1)) for key, all_of in numbers.items()},
            noted=noted[spec.name],
        )


def _defined(values: Sequence[float | None], draws: int) -> bool:
    return len(values) == draws and None not in values


def _divided(whole: SampleEvaluation, count: int, rng: np.random.Generator) -> dict[SampleSet, Places]:
    """Return the rows of each set: the reference, samples of the other split, and of the rest train and test."""
    labels, sizes = _both(whole.labels), [len(whole.samples(split)) for split in ("train", "test")]
    train = _stratified(labels, sizes, rng)
    split = np.zeros(sum(sizes), bool)
    split[train] = True
    sides = {"train": np.flatnonzero(split), "test": np.flatnonzero(~split)}
    reference = sides.pop(whole.protocol.reference_split)
    (other,) = sides.values()
    asked = whole.protocol.reference_count
    if 0 < asked < len(reference):
        reference = np.sort(rng.choice(reference, asked, replace=False))
    fake = np.sort(rng.choice(other, min(count, len(other)), replace=False))
    rest = np.setdiff1d(np.arange(sum(sizes)), fake)
    held_out = np.sort(rng.choice(rest, min(sizes[1], len(rest) // 2), replace=False))
    return {"train": np.setdiff1d(rest, held_out), "test": held_out, "real": reference, "fake": fake}


def _stratified(labels: NDArray[np.int64] | None, sizes: Sequence[int], rng: np.random.Generator) -> Places:
    """Return the rows of a train split: as many as there are now, of every class where there are classes."""
    if labels is None:
        return np.sort(rng.choice(sum(sizes), sizes[0], replace=False))
    chosen = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        chosen.append(rng.choice(members, int((members < sizes[0]).sum()), replace=False))
    return np.sort(np.concatenate(chosen))


def _both(labels: Callable[[SampleSet], NDArray[np.int64] | None]) -> NDArray[np.int64] | None:
    parts = [labels(split) for split in ("train", "test")]
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if len(known) == len(parts) else None


def _rows(parts: Sequence[NDArray[Any]], places: Places) -> NDArray[Any]:
    """Return rows of two arrays, one behind the other, without joining them; `places` ascend."""
    first, second = parts
    border = int(np.searchsorted(places, len(first)))
    return np.concatenate([first[places[:border]], second[places[border:] - len(first)]])
