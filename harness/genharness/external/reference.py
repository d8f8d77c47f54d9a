"""What samples are compared with: a prepared dataset, somebody's own samples, or their Gaussian statistics."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genharness.data import PreparedData, ensure_prepared, parse_reference
from genharness.errors import ConfigError, DataError, did_you_mean
from genharness.external.samples import taken
from genharness.external.statistics import protocol_in
from genharness.files.paths import printable
from genharness.functional.gaussian import GaussianStatistics
from genharness.images.arrays import arrays_of
from genharness.images.draw import SeededDraw
from genharness.images.sample_file import SampleFile
from genharness.images.samples import read_samples
from genharness.kit.evaluation import SampleSet
from genharness.measure.build import dataset_sets
from genharness.measure.evaluation import SampleData
from genharness.measure.feature_cache import FeatureCache
from genharness.plugin.registry import Registry
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.dataset_name import Fit
from genharness.spec.plugins import DataShape
from genharness.spec.protocol import Protocol
from genharness.spec.report import Report
from genharness.study.measuring import Measuring

__all__ = ["Reference", "dataset_reference", "path_reference"]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One of three: `data`, `found`, or statistics.

    Attributes:
        name: Dataset reference, or `file:NAME`.
        content_hash: Hash of the content.
        split: Name of the split that is compared with, for the protocol.
        spec_name: Name of the dataset plugin, empty where there is none.
        data: The prepared dataset, or None.
        fit: How its pictures that were no squares became some, where that was asked for.
        found: The samples of a path, or None.
        statistics: Statistics that stand in for samples.
        absent: Why sets of samples are not there.
        notes: What was assumed or changed, a line each.
        made: How statistics were made, where their file says so: extractor, resize, identity of the weights.
        instead: Statistics of the same file, which stand in where rows are to be compared with images.
    """

    name: str
    content_hash: str
    split: str = "train"
    spec_name: str = ""
    data: PreparedData | None = None
    fit: Fit | None = None
    found: SampleFile | None = None
    statistics: Mapping[SampleSet, GaussianStatistics] = field(default_factory=dict)
    absent: Mapping[SampleSet, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    made: Mapping[str, Any] = field(default_factory=dict)
    instead: Reference | None = None

    def suited_to(self, fakes: DataShape) -> Reference:
        """Return what can be compared with samples of a shape: the statistics, where the rows beside them cannot."""
        other_kind = self.shape is not None and self.shape.modality != fakes.modality
        return self.instead if other_kind and self.instead is not None else self

    @property
    def shape(self) -> DataShape | None:
        """Shape of one sample; None where only statistics are known."""
        if self.data is not None:
            return self.data.shape
        return None if self.found is None else self.found.shape

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of a table's columns, where they are known."""
        if self.data is not None:
            return self.data.meta.column_names
        return () if self.found is None else self.found.column_names

    @property
    def white(self) -> int:
        """The value that became 255 where its images had more than 8 bits, else 0."""
        if self.data is not None:
            return self.data.meta.white
        return 0 if self.found is None else self.found.white

    def facts(self, fakes: DataShape) -> DatasetFacts:
        """Return what choosing extractor and metrics needs; statistics have the shape of what is compared with them."""
        shape = self.shape or fakes
        return DatasetFacts(
            reference=self.name,
            spec_name=self.spec_name,
            shape=shape,
            counts={"train": shape.train_count} if self.data is None else dict(self.data.meta.counts),
            class_names=() if self.data is None else self.data.class_names,
            content_hash=self.content_hash,
        )

    def as_made(self, measuring: Measuring) -> Measuring:
        """Return what is measured, over the features that statistics are of.

        Raises:
            ConfigError: If others were asked for.
        """
        if not self.made:
            return measuring
        own = {"features": str(self.made.get("extractor", "")), "resize": str(self.made.get("resize", ""))}
        for name, value in own.items():
            asked = getattr(measuring, name)
            if asked not in ("auto", "", value):
                raise ConfigError(
                    f"the statistics of {self.name} are of {name} {value or 'none'}, and --{name} {asked} was asked "
                    "for: leave it out, or write them anew with `genharness data statistics`"
                )
        return dataclasses.replace(measuring, features=own["features"], resize=own["resize"])

    def check_weights(self, identity: str) -> None:
        """Refuse features of other weights than statistics are of.

        Raises:
            DataError: If they are.
        """
        if self.made and self.made.get("extractor_identity") != identity:
            raise DataError(
                f"the statistics of {self.name} are of other weights of {self.made.get('extractor')} than are "
                "installed here: write them anew with `genharness data statistics`"
            )

    def sets(self, protocol: Protocol, cache: FeatureCache) -> dict[SampleSet, SampleData]:
        """Return the sets of samples there are."""
        if self.data is not None:
            return dataset_sets(self.data, protocol, cache)
        if self.found is None:
            return {}
        return {"real": SampleData(self.found.samples, None, {"samples": self.found.digest}, cache)}


def dataset_reference(name: str, split: str, registry: Registry, report: Report) -> Reference:
    """Return a split of a dataset to compare with, prepared where that is still to be done.

    Raises:
        GenharnessError: If it is unknown or cannot be prepared.
    """
    parsed = parse_reference(name)
    spec = registry.datasets.find(parsed.name)
    data = ensure_prepared(spec, parsed, report=report)
    if split not in data.splits:
        raise ConfigError(f"{data.name} has no split {split!r} to compare with{did_you_mean(split, data.splits)}")
    return Reference(
        name=data.name, content_hash=data.content_hash, split=split, spec_name=spec.name, data=data, fit=parsed.fit
    )


def path_reference(path: Path | SampleFile, size: int | None, count: int, seed: int, report: Report) -> Reference:
    """Return samples or statistics to compare with.

    Args:
        path: As `genharness.images.read_samples` takes it, or a .npz with mean and covariance; or what is in memory.
        size: Side to which pictures are fitted, or None.
        count: Samples at most, drawn with `seed`; 0 for all.
        seed: Of the protocol.
        report: Told of the progress.

    Raises:
        DataError: If the path cannot be used.
        ConfigError: If `count` is asked of statistics.
    """
    if isinstance(path, SampleFile):
        return _of_samples(path if size is None else path.conformed(size, None), path.where, count, seed)
    arrays = arrays_of(path)
    if arrays.statistics and not arrays.samples:
        if count:
            raise ConfigError(f"--reference {path.name} holds statistics of all samples: leave --reference-count out")
        return _of_statistics(path)
    found = read_samples(path, size=size, report=report, draw=SeededDraw(count, seed))
    beside = _of_statistics(path) if found.samples.ndim == 2 and arrays.statistics else None
    return dataclasses.replace(_of_samples(found, path.name, count, seed), instead=beside)


def _of_samples(found: SampleFile, name: str, count: int, seed: int) -> Reference:
    kept = taken(found, SeededDraw(min(count, len(found.samples)), seed))
    missing = f"--reference {name} has no splits: name a dataset with --dataset"
    return Reference(
        name=f"file:{printable(name)}",
        content_hash=found.digest,
        split="reference",
        found=dataclasses.replace(kept, labels=None),
        absent={"train": missing, "test": missing},
        notes=tuple(f"reference: {note}" for note in kept.notes),
    )


def _of_statistics(path: Path) -> Reference:
    statistics, made = GaussianStatistics.load(path), protocol_in(path)
    digest = hashlib.sha256(statistics.mean.tobytes() + statistics.covariance.tobytes())
    reason = f"--reference {path.name} holds statistics only (mu, sigma), and this needs the samples themselves"
    return Reference(
        name=f"file:{printable(path.name)}",
        content_hash=digest.hexdigest(),
        split="statistics",
        statistics={"real": statistics},
        absent={"real": reason, "train": reason, "test": reason},
        notes=() if made else (f"{path.name}: statistics are taken to be of the same extractor and resize",),
        made=made,
    )
