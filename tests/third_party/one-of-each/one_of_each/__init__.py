"""One plugin of each kind but a model: what there is, without what does the work."""

from genharness import (
    Column,
    DatasetSpec,
    ExecutorSpec,
    ExtractorSpec,
    MetricSpec,
    ReporterSpec,
    TrackerSpec,
    hookimpl,
)


@hookimpl
def genharness_datasets():
    return [
        DatasetSpec(
            name="ramps",
            summary="Grey ramps, to the right or down",
            factory="one_of_each.parts:prepare",
            shape=(1, 8, 8),
            class_names=("right", "down"),
            counts={"train": 80, "test": 40},
            licence="CC0",
            bundled=True,
        )
    ]


@hookimpl
def genharness_extractors():
    return [ExtractorSpec(name="edges", summary="Row and column means", factory="one_of_each.parts:Edges")]


@hookimpl
def genharness_metrics():
    column = Column(key="contrast_gap", title="Contrast gap", higher_is_better=False)
    return [
        MetricSpec(
            name="contrast-gap",
            summary="How far the mean contrast of images is from that of real ones",
            factory="one_of_each.parts:ContrastGap",
            columns=(column,),
        )
    ]


@hookimpl
def genharness_executors():
    return [ExecutorSpec(name="in-turn", summary="In this process, in turn", factory="one_of_each.parts:InTurn")]


@hookimpl
def genharness_reporters():
    return [ReporterSpec(name="names", summary="Models in order, a line each", factory="one_of_each.parts:render")]


@hookimpl
def genharness_trackers():
    return [TrackerSpec(name="tally", summary="Counts cells in tally.txt", factory="one_of_each.parts:Tally")]
