"""The frozen records that plugins return from hooks: what exists, without what it costs to import.

A spec is data. The heavy part stands behind a lazy reference, `"module:attribute"`, that is imported
only when a cell uses it. Standard library only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from genharness.errors import PluginError, shown
from genharness.spec.capabilities import CapabilityName, Declared
from genharness.spec.columns import Column
from genharness.spec.dataset_name import SIZES
from genharness.spec.options import NoOptions

__all__ = [
    "DataShape",
    "DatasetSpec",
    "ExecutorSpec",
    "ExtractorSpec",
    "FigureSpec",
    "MetricSpec",
    "Modality",
    "ModelSpec",
    "Need",
    "Recipe",
    "Remote",
    "ReporterSpec",
    "Spec",
    "TrackerSpec",
]

Modality = Literal["image", "tabular"]

Need = Literal["features", "labels", "posteriors", "train", "test", CapabilityName]
"""What a metric asks of an evaluation beyond the real and the generated samples themselves.

`features`: feature vectors of the protocol's extractor; `labels`: the dataset has classes;
`posteriors`: class probabilities, so a dataset with classes whose classifier can be trained;
`train`, `test`: the training and the held-out split, besides the reference;
the name of a capability (`genharness.spec.capabilities`): a model that has it, for `conditions` also samples that come
with labels."""


@dataclass(frozen=True, slots=True)
class DataShape:
    """What a model must know of the data before it sees any.

    Attributes:
        modality: `image` or `tabular`.
        shape: `(channels, height, width)` of an image, `(columns,)` of a table.
        classes: Number of classes, 0 when the data has no labels.
        train_count: Number of training samples.
        levels: Number of evenly spaced grey levels that images really have, 17 for scikit-learn's digits; known once
            the data is prepared. It is no part of what makes two shapes equal.
    """

    modality: Modality
    shape: tuple[int, ...]
    classes: int = 0
    train_count: int = 0
    levels: int = field(default=256, compare=False)

    @property
    def channels(self) -> int:
        """Image channels (1 or 3)."""
        return self.shape[0]

    @property
    def height(self) -> int:
        """Image height in pixels."""
        return self.shape[1]

    @property
    def width(self) -> int:
        """Image width in pixels."""
        return self.shape[2]

    @property
    def columns(self) -> int:
        """Columns of a table."""
        return self.shape[0]

    def __str__(self) -> str:
        if self.modality == "tabular":
            return f"{self.columns} columns"
        return f"{self.height}x{self.width}x{self.channels}"


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What every plugin says of itself.

    Attributes:
        name: What users type: lower-case letters, digits and hyphens.
        summary: One line, no full stop.
        factory: Lazy reference `module:attribute` to the heavy part.
        config: Frozen dataclass of `option` fields.
        caches: Folders of `$GENHARNESS_HOME` in which it keeps what can be had again, such as `classifiers`: what
            `genharness cache` lists and clears.
        packages: Distributions that it needs and genharness does not install by itself, for `genharness doctor`.
    """

    name: str
    summary: str
    factory: str
    config: type = NoOptions
    caches: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a model is trained for one named budget.

    Attributes:
        length: How long: `400steps`, `20epochs`, `200kimg`, `90s` or `2e15flops`; `0steps` for a model that only looks
            at the data once (`fit`).
        batch_size: Samples in a batch.
        ema: Decay, per step of the part that is averaged, of the weight average that samples are drawn from; None
            samples the weights.
        ema_kimg: In place of `ema`, its half-life in thousands of images: the decay then goes by the batch size.
        mirror: Whether training images are mirrored left to right at random.
        options: Changes to the Config's defaults.
        step_ms: One step on two CPU cores at 28x28, in milliseconds: only for time estimates.
        full_up_to: Image side up to which `length` holds, when it is in steps: larger images get fewer steps in
            proportion to their pixels, so that a quick budget stays quick. None: every size gets them all.
    """

    length: str
    batch_size: int = 64
    ema: float | None = None
    ema_kimg: float | None = None
    mirror: bool = False
    options: Mapping[str, object] = field(default_factory=dict)
    step_ms: float = 0.0
    full_up_to: int | None = None

    def decay(self, batch_size: int) -> float | None:
        """Return the decay of the weight average for batches of so many samples, or None where there is no average."""
        return self.ema if self.ema_kimg is None else float(0.5 ** (batch_size / (1000 * self.ema_kimg)))


@dataclass(frozen=True, kw_only=True)
class ModelSpec(Spec):
    """A generative model; `factory` names a `genharness.kit.GenerativeModel` class.

    Attributes:
        family: Such as `gan`, `vae`, `flow`, `diffusion`, `reference`.
        recipes: A `Recipe` for each of `smoke`, `standard` and `paper`.
        paper: Authors, year and arXiv number or venue.
        modalities: What it can be trained on.
        min_size: Smallest image side it works at, in pixels.
        max_size: Largest image side, or None.
        channels: Image channels it works with.
        capabilities: What it can do beside sampling: `conditions` (`sample` makes the classes that are asked for;
            `conditions:conditional` where its option `conditional` is on, which then needs labels),
            `reconstructions` (it has `reconstruct`), `latents` (`encode`), `decoder` (`draw_latents` and
            `decode_latents`), `likelihood:exact` or `likelihood:bound` (`bits_per_dim`), `kl_to_prior`.
        needs_labels: Whether it cannot be trained without labels (two classes at least).
        finite: Whether it can give no more samples than the held-out split has (the `real` row); of more it is asked
            for all it has.
        baseline: Whether others are read against it, so that a run that names models gets it as well.
        draws: Modules that only draw samples, such as a module of samplers: where they change, or get a sampler more,
            samples are drawn and scored again from what was trained. Training must use nothing of them.
        argument: Name of the option that is given by what follows the name after a colon, such as `source` of
            `generator:PATH`. Such a model takes no part where all models are asked for.
    """

    family: str
    recipes: Mapping[str, Recipe]
    paper: str = ""
    modalities: tuple[Modality, ...] = ("image",)
    min_size: int = 8
    max_size: int | None = None
    channels: tuple[int, ...] = (1, 3)
    capabilities: tuple[Declared, ...] = ()
    needs_labels: bool = False
    finite: bool = False
    baseline: bool = False
    draws: tuple[str, ...] = ()
    argument: str = ""

    @property
    def trained(self) -> bool:
        """Whether any recipe takes training steps; reference rows only look at the data once."""
        return any(recipe.length != "0steps" for recipe in self.recipes.values())

    def can(self, name: CapabilityName) -> bool:
        """Whether it has a capability, of whatever kind."""
        return any(declared.partition(":")[0] == name for declared in self.capabilities)

    def given(self, argument: str) -> ModelSpec:
        """Return the spec with its argument as every recipe has it."""
        recipes = {
            name: dataclasses.replace(recipe, options={**recipe.options, self.argument: argument})
            for name, recipe in self.recipes.items()
        }
        return dataclasses.replace(self, recipes=recipes)

    def configured(self, options: Mapping[str, Any]) -> ModelSpec:
        """Return the spec as options make it: `conditions:conditional` is `conditions` and needs labels, or is gone."""
        if "conditions:conditional" not in self.capabilities:
            return self
        others = tuple(declared for declared in self.capabilities if declared != "conditions:conditional")
        if not options.get("conditional"):
            return dataclasses.replace(self, capabilities=others)
        return dataclasses.replace(self, capabilities=(*others, "conditions"), needs_labels=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A file that can be downloaded.

    Attributes:
        filename: Name under which it is kept.
        urls: Official address first, then mirrors.
        md5: MD5 of the content, or empty.
        sha256: SHA-256 of the content, or empty. At least one of the two is given.
        size: Bytes, 0 when unknown.
    """

    filename: str
    urls: tuple[str, ...]
    md5: str = ""
    sha256: str = ""
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class DatasetSpec(Spec):
    """A dataset; `factory` names the function that prepares it (see `genharness.data`).

    Attributes:
        modality: `image` or `tabular`.
        shape: Shape of a sample before anything is prepared, or None where only the data can say.
        class_names: Names of the classes in label order, empty for unlabelled or unknown-before-preparing.
        smoke_side: Side in pixels at which a run whose only budget is `smoke` takes images when the name asks for no
            size (`covid@128` does): on two cores a network sees too little of larger ones. None for the data's own.
        counts: Samples of each split where known beforehand.
        licence: Licence or terms, one line.
        homepage: Where people read about it.
        remotes: What `data prepare` downloads; empty when it must be given with `--from` or is bundled.
        parametric: Whether the name takes a path: `folder:PATH`.
        selects: Whether it may name the column or array of samples, and of labels: `parquet:PATH#photo,label=species`.
        bundled: Whether preparing needs neither network nor `--from`.

    Raises:
        PluginError: If it is given a `config`. What varies of a dataset stands in its name (`NAME:PATH@SIZE#VIEW`),
            which tells prepared data and cells apart; options beside it would not.
    """

    modality: Modality = "image"
    shape: tuple[int, ...] | None = None
    class_names: tuple[str, ...] = ()
    smoke_side: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    licence: str = ""
    homepage: str = ""
    remotes: tuple[Remote, ...] = ()
    parametric: bool = False
    selects: bool = False
    bundled: bool = False

    def __post_init__(self) -> None:
        if self.config is not NoOptions:
            raise PluginError(
                f"{self.name}: a dataset takes no config: what varies stands in its name, such as {self.name}:PATH or "
                f"{self.name}@64, which tells prepared data and cells apart"
            )
        side = self.smoke_side  # of another type it is refused with its field, as all are
        if isinstance(side, int) and (self.modality != "image" or side not in SIZES):
            raise PluginError(
                f"{self.name}: smoke_side={shown(side)} is no side of images in pixels, {SIZES[0]} to {SIZES[-1]}"
            )


@dataclass(frozen=True, kw_only=True)
class ExtractorSpec(Spec):
    """A feature extractor; `factory` names a `genharness.kit.Extractor` class.

    Attributes:
        modalities: What it can read.
        resizes: Resize conventions it knows, its default first; empty when it never resizes.
        weights: Pretrained weights it needs, or None.
        needs_labels: Whether it is trained on the dataset's labels.
        has_logits: Whether it gives class logits beside features.
        auto_rank: Place in the order in which `--features auto` tries extractors, 1 first; 0: only by name.
    """

    modalities: tuple[Modality, ...] = ("image",)
    resizes: tuple[str, ...] = ()
    weights: Remote | None = None
    needs_labels: bool = False
    has_logits: bool = False
    auto_rank: int = 0


@dataclass(frozen=True, kw_only=True)
class MetricSpec(Spec):
    """A metric; `factory` names a class with `__init__(config)` and `compute(evaluation)`.

    Attributes:
        columns: What `compute` returns, the headline number first.
        needs: What it asks of the evaluation; where that is missing it is skipped with the reason.
        modalities: What it can score.
        paper: Authors, year and arXiv number or venue.
        default: Whether a run that names no metrics computes it.
        periodic: Whether it is cheap and meaningful enough to be computed over training.
        weights: Pretrained weights it needs, or None.
        extractors: Names of the extractors that it asks for whatever the protocol's is; their weights are its own need.
        place: Where its columns stand in a leaderboard; lower comes first, and the first ranks.
        self_check: Options that a self-check takes where the user sets none: it computes every metric some fifty times.
    """

    columns: tuple[Column, ...]
    needs: tuple[Need, ...] = ()
    modalities: tuple[Modality, ...] = ("image",)
    paper: str = ""
    default: bool = True
    periodic: bool = False
    weights: Remote | None = None
    extractors: tuple[str, ...] = ()
    place: int = 100
    self_check: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ExecutorSpec(Spec):
    """Where cells run; `factory` names a class as `genharness.plugin.execution.Executor` describes.

    Attributes:
        argument: What may follow the name after a colon, such as `ADDRESS`; empty when nothing may.
        remote: Whether cells may run on other machines: devices are looked for there, and without `--jobs` as many
            cells run at a time as there is room for.
        queue: `module:attribute` of what `genharness status` asks, for an executor that hands cells to a queue and
            writes their jobs to `jobs/cells.json` in the results folder, by cell id. It takes a sequence of jobs and
            returns what each does that has not ended, by job; None where the queue does not answer.
    """

    argument: str = ""
    remote: bool = False
    queue: str = ""


@dataclass(frozen=True, kw_only=True)
class ReporterSpec(Spec):
    """An output format of the leaderboard; `factory` names `render(board, options) -> str`.

    `board` is a `genharness.board.build.Board`, `options` the `genharness.board.render.RenderOptions`; its `config` is
    an instance of the spec's `config`.

    Attributes:
        screen: Whether it reads `width` and `colour` of its options; of one that does not, the terminal is not asked.
    """

    screen: bool = True


@dataclass(frozen=True, kw_only=True)
class FigureSpec(Spec):
    """Figures for a report; `factory` names `draw(group, folder, config)`, which gives a sequence of `ReportFigure`.

    `group` is a `genharness.board.rows.Group`: one dataset under one protocol. `folder` is the results folder, or None
    where nothing but records is known; `config` is an instance of the spec's `config`.
    """


@dataclass(frozen=True, kw_only=True)
class TrackerSpec(Spec):
    """A listener to a run's events; `factory` names a class as `genharness.plugin.execution.Tracker` describes.

    Attributes:
        argument: The option of its `config`, a text, that may follow the name after a colon, as in `--tracker
            NAME:VALUE`; empty when nothing may.
    """

    argument: str = ""


def as_plain(record: Any) -> dict[str, Any]:
    """Return a frozen record as a dictionary of plain values, for JSON."""
    return dataclasses.asdict(record)
