"""Records become groups of ranked rows."""

import dataclasses

import pytest

from board_records import CLOSE, record, seeds
from genharness.board.build import build
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def rows(board):
    return [[row.label for row in group.rows] for group in board.groups]


def test_rows_are_ranked_by_the_first_column_with_a_better_end(registry):
    board = build([record("vae", 3.0), record("real", 1.0), record("dcgan", 2.0)], registry)
    assert rows(board) == [["real", "dcgan", "vae"]]


def test_any_column_can_rank_and_its_direction_counts(registry):
    records = [record("vae", 3.0, scores={"coverage": 0.2}), record("dcgan", 2.0, scores={"coverage": 0.3})]
    assert rows(build(records, registry, sort="coverage")) == [["dcgan", "vae"]]
    assert rows(build([record("vae", 3.0, seed=1), record("dcgan", 2.0, seed=9)], registry, sort="train_seconds")) == [
        ["vae", "dcgan"]
    ]


def test_scores_of_different_protocols_never_stand_in_one_ranking(registry):
    board = build([record("vae", 3.0), record("dcgan", 2.0, extractor="inception")], registry)
    assert len(board.groups) == 2


def test_a_dataset_is_asked_for_by_the_path_that_a_run_was_given(registry, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    records = [record("vae", 1.0, dataset=f"csv:{tmp_path}/wine.csv"), record("vae", 2.0)]
    for name in ("csv:wine.csv", f"csv:{tmp_path}/wine.csv"):
        assert [group.dataset for group in build(records, registry, datasets=[name]).groups] == [
            f"csv:{tmp_path}/wine.csv"
        ]


def test_only_over_inception_is_the_distance_called_fid(registry):
    board = build([record("vae", 3.0), record("dcgan", 2.0, extractor="inception")], registry)
    assert {group.protocol.extractor: group.columns[0].title for group in board.groups} == {
        "classifier": "FD",
        "inception": "FID",
    }


def test_seeds_are_summarised_by_mean_and_sample_deviation(registry):
    board = build([record("vae", 1.0), record("vae", 3.0, seed=1)], registry)
    (row,) = board.groups[0].rows
    assert row.seeds == [0, 1]
    assert row.estimates["fid"].mean == 2.0
    assert row.estimates["fid"].deviation == pytest.approx(2**0.5)


def test_each_seed_can_have_its_row(registry):
    board = build([record("vae", 1.0), record("vae", 3.0, seed=1)], registry, seeds="each")
    assert rows(board) == [["vae seed 0", "vae seed 1"]]


def test_a_seed_that_one_of_several_settings_alone_has_is_named_by_them_too(registry):
    records = [
        record("vae", latent + seed, seed=seed, options={"latent": latent}) for latent in (8, 16) for seed in (0, 1)
    ]
    board = build(records[:3], registry, seeds="each")
    assert rows(board) == [["vae latent=8 seed 0", "vae latent=8 seed 1", "vae latent=16 seed 0"]]


def test_configurations_of_one_model_are_rows_told_apart_by_what_differs(registry):
    records = [record("vae", score, options={"lr": lr, "latent": 8}) for score, lr in ((1.0, 0.1), (2.0, 0.2))]
    assert rows(build(records, registry)) == [["vae lr=0.1", "vae lr=0.2"]]


def test_rows_of_one_training_are_named_by_the_sampling_option_that_differs(registry):
    options = {"lr": 0.1, "T": 1000}
    records = [
        record("ddpm", fid, seed=seed, options=options, sampling={"sampler": "ddim", "steps": steps})
        for steps, fid in ((10, 9.0), (50, 5.0))
        for seed in (0, 1)
    ]
    for one in records:
        one.measurements |= {"function_evaluations": float(one.cell.sampling["steps"]), "latency_p50_ms": 3.0}
    (group,) = build(records, registry, columns=("fid", "function_evaluations", "latency_p50_ms")).groups
    assert [row.label for row in group.rows] == ["ddpm steps=50", "ddpm steps=10"]
    assert [column.heading for column in group.columns] == ["FD ↓", "Evaluations ↓", "Latency (ms) ↓"]
    assert [row.estimates["function_evaluations"].mean for row in group.rows] == [50, 10]
    assert {row.estimates["train_seconds"].mean for row in build(records, registry).groups[0].rows} == {10.5}


def test_rows_whose_options_have_other_names_are_told_apart(registry):
    made = [record("vae", 10, options={"lr": 0.1}), record("vae", 12, options={"lr": 0.1, "warm_up": 5})]
    assert [row.label for row in build(made, registry).groups[0].rows] == ["vae", "vae warm_up=5"]


def test_a_record_from_before_sampling_options_stood_apart_is_of_the_same_row(registry):
    old = record("ddpm", 5.0, seed=0, options={"lr": 0.1, "steps": 50})
    new = record("ddpm", 6.0, seed=1, options={"lr": 0.1}, sampling={"steps": 50})
    assert rows(build([old, new], registry)) == [["ddpm"]]


def test_people_are_shown_the_default_columns_or_those_that_they_ask_for(registry):
    records = [record("vae", 1.0, scores={"recall": 0.5, "density": 0.5})]
    shown = {
        asked: [one.key for one in build(records, registry, columns=asked).groups[0].shown]
        for asked in ((), ("density",))
    }
    assert shown == {(): ["fid", "recall", "train_seconds"], ("density",): ["density"]}


def test_the_column_that_ranks_is_the_primary_one(registry):
    records = [record("vae", 3.0, scores={"recall": 0.2})]
    assert [one.key for one in build(records, registry).groups[0].compared] == ["fid", "recall"]
    assert [one.key for one in build(records, registry, sort="recall").groups[0].compared] == ["recall", "fid"]


def test_a_failed_cell_is_listed_with_its_reason_and_ranks_nowhere(registry):
    failed = record("dcgan", None, status="diverged", reason="loss is nan at step 3")
    board = build([record("vae", 1.0), failed], registry)
    assert rows(board) == [["vae"]]
    assert [record.reason for record in board.groups[0].failures] == ["loss is nan at step 3"]


def test_failed_seeds_of_a_row_are_counted(registry):
    board = build([record("vae", 1.0), record("vae", None, seed=1, status="failed")], registry)
    assert board.groups[0].rows[0].failed == 1


def test_a_seed_that_was_interrupted_did_not_fail(registry):
    board = build([record("vae", 1.0), record("vae", None, seed=1, status="interrupted")], registry)
    assert board.groups[0].rows[0].failed == 0


def test_failed_seeds_count_under_the_protocol_that_they_were_to_be_measured_by(registry):
    good = [record("vae", 1.0, extractor=name) for name in ("classifier", "inception")]
    lost = [record("vae", None, seed=seed, extractor="inception", status="failed") for seed in (1, 2)]
    board = build([*good, *lost, record("vae", None, seed=3, extractor="classifier", status="diverged")], registry)
    failed = {group.protocol.extractor: group.rows[0].failed for group in board.groups}
    assert failed == {"classifier": 1, "inception": 2}
    assert {group.protocol.extractor: len(group.failures) for group in board.groups} == failed


def test_failures_under_a_protocol_of_which_nothing_finished_stand_apart(registry):
    board = build([record("vae", 1.0), record("vae", None, extractor="pixels", status="failed")], registry)
    assert [len(group.failures) for group in board.groups] == [0, 1]
    assert board.groups[0].rows[0].failed == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"datasets": ("digts",)}, "no results for the dataset 'digts'; did you mean 'digits'?"),
        ({"sort": "fdi"}, "no column 'fdi'; did you mean 'fid'?"),
        ({"columns": ("coverag",)}, "no column 'coverag'; did you mean 'coverage'?"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest(registry, change, message):
    with pytest.raises(ConfigError) as caught:
        build([record("vae", 1.0, scores={"coverage": 0.5})], registry, **change)
    assert str(caught.value) == message


def by_label(records, registry, **asked):
    return {row.label: row for row in build(records, registry, **asked).groups[0].rows}


def test_an_absurd_score_is_none_and_not_a_crash(registry):
    rows = by_label([record("vae", 1e300), record("dcgan", float("inf"))], registry)
    assert rows["vae"].estimates["fid"].mean is None


def test_samples_made_elsewhere_are_told_apart_from_the_model_of_the_same_name(registry):
    outside = record("vae", 3.0)
    outside.source = "external"
    outside.cell = dataclasses.replace(outside.cell, length="0steps", options={"samples": "1"})
    rows = by_label([record("vae", 1.0), outside], registry)
    assert {label: row.external for label, row in rows.items()} == {"vae": False, "vae external": True}


def test_samples_named_as_a_reference_row_are_none(registry):
    outside = record("noise", 3.0)
    outside.source = "external"
    (group,) = build([outside], registry).groups
    assert not group.rows[0].reference


def test_the_diverged_rate_leaves_out_seeds_that_say_nothing_of_stability(registry):
    lost = [record("vae", None, seed=5, status="diverged"), record("vae", None, seed=6, status="timeout")]
    row = by_label([*seeds("vae", CLOSE[:3]), *lost], registry)["vae"]
    assert (row.diverged, row.failed) == (0.25, 2)


def test_an_interval_holds_the_mean_where_it_is_asked_for(registry):
    with_one = by_label(seeds("vae", CLOSE), registry, interval=True)["vae"].estimates["fid"]
    assert with_one.interval == pytest.approx((10.018, 11.982), abs=1e-3)  # 11 ± 2.776 * 0.7906 / sqrt(5)
    assert by_label(seeds("vae", CLOSE), registry)["vae"].estimates["fid"].interval is None


def test_settings_that_are_asked_for_stand_beside_the_columns_and_are_no_numbers(registry):
    records = [record("vae", 3.0, options={"lr": 1e-3, "ema": None}), record("real", 1.0)]
    (group,) = build(records, registry, columns=["lr", "fid", "batch_size", "ema"]).groups
    assert (group.settings, [one.key for one in group.columns]) == (("lr", "batch_size", "ema"), ["fid"])
    told = {row.model: [row.setting(name) for name in group.settings] for row in group.rows}
    assert told == {"vae": ["0.001", "64", "none"], "real": ["", "64", "none"]}
    with pytest.raises(ConfigError, match=r"no column 'latr'"):
        build(records, registry, columns=["latr"])


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"sort": "density"}, ["density", "fid", "train_seconds"]),
        ({"sort": "density", "columns": ("fid", "lr")}, ["density", "fid"]),
        ({"sort": "fid", "columns": ("density", "fid")}, ["density", "fid"]),
        ({"sort": "parameters", "columns": ("fid",)}, ["parameters", "fid"]),
    ],
)
def test_what_rows_are_ordered_by_is_shown_first_where_it_was_not_asked_for(registry, asked, shown):
    records = [
        record("vae", 1.0, scores={"density": 0.5}, options={"lr": 1}),
        record("dcgan", 2.0, scores={"density": 1}),
    ]
    for one in records:
        one.measurements["parameters"] = 7.0
    (group,) = build(records, registry, **asked).groups
    assert [column.key for column in group.shown] == shown
    assert group.ranked_by.key == asked["sort"]
    assert group.ranked_by in group.columns
