"""Rows of the leaderboard against each other."""

import pytest
from scipy import stats

from genharness.board.build import build
from genharness.board.compare import compare_rows
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record

GOOD = [10.0, 11.0, 12.0, 10.5, 11.5]
BAD = [30.0, 33.0, 36.0, 31.5, 34.5]


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "results")
    made.open_for_writing()
    return made


def save(
    store, model, values, *, dataset="digits", extractor="classifier", status="ok", scores=None, parameters=7, **cell
):
    """Save a record for each value; returns the ids of the cells."""
    protocol = Protocol(extractor=extractor, sample_count=10)
    ids = []
    for seed, value in enumerate(values):
        made = Cell(model=model, dataset=dataset, seed=seed, budget="smoke", length="1steps", protocol=protocol, **cell)
        finished = status == "ok"
        store.save(
            Record(
                cell=made,
                status=status,
                scores={"fid": value, "recall": 1 / value, "vendi": None, **(scores or {})} if finished else {},
                skipped={"reconstruction": "it reconstructs nothing"},
                measurements={"train_seconds": 10.0 + seed, "parameters": parameters},
                protocol=protocol.as_plain() if finished else {},
                protocol_hash=protocol.hash if finished else "",
            )
        )
        ids.append(made.id)
    return ids


def refused(store, registry, *names, **options):
    with pytest.raises(ConfigError) as caught:
        compare_rows(store, registry, names, **options)
    return str(caught.value)


def test_a_positive_distance_is_compared_on_logarithms(store, registry):
    save(store, "vae", GOOD)
    save(store, "dcgan", BAD[:4])
    (found,) = compare_rows(store, registry, ["vae", "dcgan"], metrics=["fid"])
    (pair,) = found.metrics[0].comparisons
    import numpy as np

    assert pair.log
    assert pair.welch_p == pytest.approx(stats.ttest_ind(np.log(GOOD), np.log(BAD[:4]), equal_var=False).pvalue)
    assert pair.mann_whitney.p == pytest.approx(stats.mannwhitneyu(GOOD, BAD[:4], method="exact").pvalue)
    assert (pair.verdict, pair.improvement) == ("better", 1.0)


def test_a_score_whose_better_end_is_high_is_read_so_and_compared_as_it_is(store, registry):
    save(store, "vae", GOOD)
    save(store, "dcgan", BAD)
    (found,) = compare_rows(store, registry, ["vae", "dcgan"], metrics=["recall"])
    (pair,) = found.metrics[0].comparisons
    assert (pair.log, pair.verdict) == (False, "better")


def test_seeds_are_paired_between_equally_large_variants_of_one_model_alone(store, registry):
    save(store, "vae", GOOD, options={"lr": 1})
    save(store, "vae", BAD, options={"lr": 2})
    save(store, "vae", BAD, options={"lr": 3}, parameters=8)
    save(store, "vae", BAD[:4], options={"lr": 4})
    save(store, "dcgan", BAD)
    names = ["vae lr=1", "vae lr=2", "vae lr=3", "vae lr=4", "dcgan"]
    (found,) = compare_rows(store, registry, names, metrics=["fid"])
    assert {pair.names for pair in found.metrics[0].comparisons if pair.paired} == {("vae lr=1", "vae lr=2")}


def test_three_rows_are_corrected_over_three_pairs(store, registry):
    for model, values in (("vae", GOOD), ("dcgan", BAD), ("gan", [value + 0.7 for value in GOOD])):
        save(store, model, values)
    (found,) = compare_rows(store, registry, ["vae", "dcgan", "gan"], metrics=["fid"])
    assert all(pair.comparisons == 3 and pair.p_corrected >= pair.p for pair in found.metrics[0].comparisons)


def test_two_rows_are_corrected_over_all_rows_of_the_board_unless_they_are_compared_alone(store, registry):
    for model, values in (("vae", GOOD), ("dcgan", BAD), ("gan", [value + 0.7 for value in GOOD]), ("real", GOOD)):
        save(store, model, values)
    (board,) = compare_rows(store, registry, ["vae", "dcgan"], metrics=["fid"])
    (alone,) = compare_rows(store, registry, ["vae", "dcgan"], metrics=["fid"], alone=True)
    pairs = [one.metrics[0].comparisons[0] for one in (board, alone)]
    assert [pair.comparisons for pair in pairs] == [3, 1]
    assert board.metrics[0].corrected == "corrected for the 3 pairs of 3 rows"
    assert pairs[0].p == pairs[1].p == pairs[1].p_corrected < pairs[0].p_corrected


def test_verdicts_of_all_rows_are_the_ranks_of_the_board(store, registry):
    values = {"vae": GOOD, "dcgan": BAD, "gan": [value + 1 for value in GOOD], "wgan": [10 * value for value in BAD]}
    for model, scores in values.items():
        save(store, model, scores, scores={"kid": 1.0})
    (group,) = build(store.records(), registry).groups
    (found,) = compare_rows(store, registry, list(values))
    assert [metric.column.key for metric in found.metrics] == [column.key for column in group.compared]
    decided = [pair for pair in found.metrics[0].comparisons if pair.verdict != "undecided"]
    lost = [pair.names[pair.verdict == "better"] for pair in decided]
    assert {row.label: row.ranks.low for row in group.rows} == {name: 1 + lost.count(name) for name in values}
    assert len(decided) > 2


def test_all_metrics_but_the_primary_one_are_corrected_together(store, registry):
    for model, values in (("vae", GOOD), ("dcgan", BAD), ("gan", [value + 0.7 for value in GOOD])):
        save(store, model, values, scores={"precision": 1 / values[0] + 0.001 * values[1], "kid": values[2]})
    (found,) = compare_rows(store, registry, ["vae", "dcgan", "gan"])
    assert [metric.column.key for metric in found.metrics] == ["fid", "kid", "precision", "recall"]
    first, _, _, recall = (metric.comparisons[0] for metric in found.metrics)
    assert (first.comparisons, recall.comparisons) == (3, 6)  # kid does not vary over seeds
    assert first.p_corrected == first.p_within
    assert "together with the other columns but FD: 6 pairs by 3 columns" in found.metrics[1].corrected


def test_a_reference_row_is_compared_and_makes_no_other_comparison_stricter(store, registry):
    for model, values in (("vae", GOOD), ("dcgan", BAD), ("real", [1.0, 1.1, 1.2])):
        save(store, model, values)
    (found,) = compare_rows(store, registry, ["vae", "real", "dcgan"], metrics=["fid"])
    pairs = {pair.names: pair for pair in found.metrics[0].comparisons}
    assert list(pairs) == [("vae", "real"), ("vae", "dcgan"), ("real", "dcgan")]
    assert pairs["vae", "dcgan"].comparisons == 1
    assert pairs["vae", "real"].verdict == "worse"


def test_a_row_that_lost_seeds_is_not_called_better(store, registry):
    save(store, "vae", GOOD)
    save(store, "vae", [*GOOD, 0.0], status="diverged")  # the five seeds above, and then again a record of each
    save(store, "vae", GOOD)
    save(store, "dcgan", BAD)
    (found,) = compare_rows(store, registry, ["vae", "dcgan"], metrics=["fid"])
    (pair,) = found.metrics[0].comparisons
    assert (pair.verdict, pair.withheld, pair.lost) == ("undecided", True, (1 / 6, 0.0))


@pytest.mark.parametrize(
    ("value", "reason"),
    [(float("nan"), "it is undefined on every seed"), (1e300, "it is not finite or beyond 1e150 on every seed")],
)
def test_a_score_that_is_undefined_on_every_seed_was_measured(store, registry, value, reason):
    save(store, "vae", [value] * 3)
    save(store, "dcgan", BAD)
    (found,) = compare_rows(store, registry, ["vae", "dcgan"], metrics=["fid"])
    assert found.metrics[0].missing == {"vae": reason}


def test_a_row_of_which_a_score_is_undefined_on_more_seeds_is_not_called_better(store, registry):
    save(store, "vae", [*GOOD, float("nan")])
    save(store, "dcgan", BAD)
    (found,) = compare_rows(store, registry, ["vae", "dcgan"], metrics=["fid"])
    (pair,) = found.metrics[0].comparisons
    assert (pair.verdict, pair.withheld, pair.lost) == ("undecided", True, (1 / 6, 0.0))


def test_three_seeds_are_told_to_be_too_few_for_the_exact_test_and_how_many_are_needed(store, registry):
    save(store, "vae", GOOD[:3])
    save(store, "dcgan", [10.2, 11.3, 11.9])
    (found,) = compare_rows(store, registry, ["vae", "dcgan"], metrics=["fid"])
    sentence = found.metrics[0].comparisons[0].sentence
    assert "cannot be told apart" in sentence
    assert "cannot fall below p = 0.1, so it cannot reach 5 %: it takes 4 of each" in sentence
    assert "would" in sentence


def test_one_seed_each_gives_no_test_and_says_so(store, registry):
    save(store, "vae", GOOD[:1])
    save(store, "dcgan", BAD[:1])
    (found,) = compare_rows(store, registry, ["vae", "dcgan"], metrics=["fid"])
    (pair,) = found.metrics[0].comparisons
    assert pair.p is None
    assert "Run at least 2 seeds of each" in pair.sentence


def test_without_metrics_the_default_columns_with_a_better_end_are_compared(store, registry):
    for model, values in (("vae", GOOD), ("dcgan", BAD)):
        save(store, model, values, scores={"precision": 0.5, "pair_ssim": 0.1})
    (found,) = compare_rows(store, registry, ["vae", "dcgan"])
    assert [metric.column.key for metric in found.metrics] == ["fid", "precision", "recall"]


def test_a_metric_can_be_named_for_all_its_columns_and_a_measurement_too(store, registry):
    for model, values in (("vae", GOOD), ("dcgan", BAD)):
        save(store, model, values, scores={"precision": 0.5})
    (found,) = compare_rows(store, registry, ["vae", "dcgan"], metrics=["prdc", "train_seconds"])
    assert [metric.column.key for metric in found.metrics] == ["precision", "recall", "train_seconds"]


def test_a_row_without_the_score_is_named_with_the_reason(store, registry):
    save(store, "vae", GOOD, scores={"psnr": 20.0})
    save(store, "dcgan", BAD)
    (found,) = compare_rows(store, registry, ["vae", "dcgan"], metrics=["psnr"])
    assert found.metrics[0].missing == {"dcgan": "it reconstructs nothing"}
    assert found.metrics[0].comparisons == []


def test_variations_are_rows_by_any_of_their_settings_and_by_the_id_of_a_cell(store, registry):
    (first, *_) = save(store, "vae", GOOD, options={"lr": 0.1, "latent": 8})
    save(store, "vae", BAD, options={"lr": 0.2, "latent": 8})
    by_label = compare_rows(store, registry, ["vae lr=0.1", "vae lr=0.2"], metrics=["fid"])
    by_id = compare_rows(store, registry, [first[:-3], "vae latent=8 lr=0.2"], metrics=["fid"])
    assert by_label == by_id
    assert len(by_id[0].metrics[0].scores["vae lr=0.1"]) == 5


def test_rows_that_meet_on_two_datasets_are_compared_on_both_or_on_the_one_named(store, registry):
    for dataset in ("digits", "mnist"):
        for model in ("vae", "dcgan"):
            save(store, model, GOOD[:2], dataset=dataset)
    assert [one.dataset for one in compare_rows(store, registry, ["vae", "dcgan"])] == ["digits", "mnist"]
    assert [one.dataset for one in compare_rows(store, registry, ["vae", "dcgan"], datasets=["mnist"])] == ["mnist"]


def test_one_row_is_refused(store, registry):
    assert refused(store, registry, "vae") == "comparing takes two rows, and only 'vae' was named: name another"
    assert "only 'vae' was named" in refused(store, registry, "vae", "vae")


def test_two_names_of_one_row_are_refused(store, registry):
    (cell, *_) = save(store, "vae", GOOD)
    assert refused(store, registry, "vae", cell) == "'vae' was named twice: name two different rows"


def test_rows_of_different_protocols_are_refused_with_the_difference(store, registry):
    save(store, "vae", GOOD)
    save(store, "dcgan", BAD, extractor="inception")
    assert refused(store, registry, "vae", "dcgan") == (
        "vae and dcgan were measured under different protocols on digits, so their scores cannot be compared: "
        "extractor classifier against inception; run both with the same settings"
    )


def test_rows_without_a_common_dataset_are_refused_with_where_they_are(store, registry):
    save(store, "vae", GOOD)
    save(store, "dcgan", BAD, dataset="mnist")
    assert refused(store, registry, "vae", "dcgan") == (
        "the rows have no dataset in common: vae on digits; dcgan on mnist"
    )


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        (("vea", "dcgan"), {}, "did you mean 'vae'?"),
        (("vae", "dcgan"), {"metrics": ["fdi"]}, "no metric 'fdi' among these results; did you mean 'fid'?"),
        (("vae", "dcgan"), {"datasets": ["mnist"]}, "no row 'vae' on mnist; it has results on digits"),
        (("vae", "dcgan"), {"metrics": ["step_flops"]}, "no metric 'step_flops'"),
    ],
)
def test_what_is_unknown_is_named_with_the_nearest(store, registry, names, options, message):
    save(store, "vae", GOOD)
    save(store, "dcgan", BAD)
    assert message in refused(store, registry, *names, **options)


def test_a_name_that_could_be_two_rows_is_refused_with_both(store, registry):
    save(store, "vae", GOOD, options={"lr": 0.1})
    save(store, "vae", BAD, options={"lr": 0.2})
    save(store, "dcgan", BAD)
    message = refused(store, registry, "vae", "dcgan")
    assert message.startswith("'vae' could be 'vae lr=")
    assert "write the settings or a cell id" in message


def test_a_row_of_which_every_seed_failed_is_told_from_an_unknown_one(store, registry):
    save(store, "vae", GOOD)
    save(store, "dcgan", [1.0], status="diverged")
    assert refused(store, registry, "vae", "dcgan") == (
        "no cell of 'dcgan' finished, so there is nothing to compare: dcgan on digits, seed 0 diverged"
    )


def test_rows_that_differ_in_a_list_are_asked_for_by_what_it_holds(store, registry):
    save(store, "dcgan", GOOD, options={"diffaugment": ["colour", "cutout"]})
    save(store, "dcgan", BAD, options={"diffaugment": []})
    (table,) = compare_rows(store, registry, ["dcgan diffaugment=colour,cutout", "dcgan diffaugment=none"])
    assert list(table.rows) == ["dcgan diffaugment=colour,cutout", "dcgan diffaugment=none"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["vae", "real"], "pairs with a reference row are not corrected for"),
        (["vae", "dcgan"], "corrected for the 3 pairs of 3 rows"),
        (
            ["vae", "dcgan", "real"],
            "corrected for the 3 pairs of 3 rows; pairs with a reference row are corrected for the 3 pairs of the rows "
            "named",
        ),
    ],
)
def test_what_p_values_are_corrected_for_is_said_of_the_pairs_that_are_shown(store, registry, names, said):
    for model, values in (
        ("vae", GOOD),
        ("dcgan", BAD),
        ("gan", [value + 0.7 for value in GOOD]),
        ("real", GOOD[::-1]),
    ):
        save(store, model, values)
    (found,) = compare_rows(store, registry, names, metrics=["fid"])
    assert found.metrics[0].corrected == said
    numbers = {pair.comparisons for pair in found.metrics[0].comparisons}
    assert numbers == ({1} if "dcgan" not in names else {3})
