"""What stands beside the numbers of a leaderboard: ranks, the best, collapse, caveats."""

import dataclasses

import pytest

import board_records
from board_records import ALIKE, CLOSE, FAR, rendered, seeds
from genharness.board.build import build
from genharness.identity.parts import training_code
from genharness.plugin.registry import load_registry
from genharness.results.provenance import UNKNOWN_CODE
from genharness.spec.cell import Cell
from genharness.stats import Standing


@pytest.fixture(scope="module")
def registry():
    return load_registry()


FARTHER = [90.0, 93.0, 96.0, 91.5, 94.5]
BOLD_NOTE = "bold: rows that no other row beats over training seeds; the best is among them (95 %)"


def record(model, seed, fid, **scores):
    return board_records.record(model, fid, seed=seed, scores=scores)


def rows(records, registry, **options):
    group = build(records, registry, **options).groups[0]
    return {row.label: row for row in group.rows}, group


def standing(by_label):
    return {label: str(row.ranks) for label, row in by_label.items()}


def bold(by_label, key="fid"):
    return {label for label, row in by_label.items() if key in row.bold}


RANK_NOTE = (
    "rank (95 %): where the rank in FD lies over training seeds, of all rows together (3 comparisons, corrected)"
)


def test_the_best_row_is_bold_where_it_beats_all_others(registry):
    by_label, group = rows([*seeds("vae", CLOSE), *seeds("dcgan", FAR), *seeds("wgan", FARTHER)], registry)
    assert standing(by_label) == {"vae": "1", "dcgan": "2", "wgan": "3"}
    assert bold(by_label) == {"vae"}
    assert group.notes == [RANK_NOTE, BOLD_NOTE]


def test_a_score_of_a_part_of_the_seeds_is_marked_and_is_not_bold(registry):
    by_label, group = rows([*seeds("vae", [*CLOSE, None]), *seeds("dcgan", FAR)], registry)
    assert (by_label["vae"].marks, by_label["dcgan"].marks) == ("§", "")
    assert not bold(by_label)
    assert group.notes[-1] == (
        "§ FD of a part of the seeds: vae (5 of 6); no row is called better than one that lost fewer of its seeds"
    )


def test_ties_are_bold_together_where_they_are_few(registry):
    records = [*seeds("vae", CLOSE), *seeds("dcgan", ALIKE), *seeds("wgan", FAR), *seeds("gan", FARTHER)]
    by_label, _ = rows(records, registry)
    assert standing(by_label) == {"vae": "1-2", "dcgan": "1-2", "wgan": "3", "gan": "4"}
    assert bold(by_label) == {"vae", "dcgan"}


def test_ties_are_not_bold_where_they_are_most_rows(registry):
    by_label, group = rows([*seeds("vae", CLOSE), *seeds("dcgan", ALIKE), *seeds("wgan", FAR)], registry)
    assert bold(by_label) == set()
    assert group.notes == [RANK_NOTE, "nothing is bold in FD: too close to call, 2 of 3 rows may be the best"]


def test_rows_that_are_exactly_equal_are_treated_alike(registry):
    by_label, _ = rows([*seeds("vae", CLOSE), *seeds("dcgan", CLOSE), *seeds("gan", CLOSE)], registry)
    assert set(standing(by_label).values()) == {"1-3"}
    assert bold(by_label) == set()


def test_with_more_rows_than_holm_can_afford_the_best_are_still_found(registry):
    names = [spec.name for spec in registry.models.values() if spec.trained]
    many = [record for scale in range(41) for record in _variation(names[0], scale)]
    by_label, _ = rows(many, registry)
    assert len(by_label) == 41
    assert bold(by_label) == {f"{names[0]} batch_size={size}" for size in (1, 2)}


def _variation(model, scale):
    """Return five seeds of a configuration: the first two alike, every other one far away."""
    made = seeds(model, CLOSE if scale == 0 else ALIKE if scale == 1 else [value + 600 * scale for value in CLOSE])
    for one in made:
        one.cell = Cell.from_plain({**one.cell.as_plain(), "batch_size": scale + 1})
    return made


def test_one_seed_is_never_bold_and_has_no_rank(registry):
    by_label, group = rows([*seeds("vae", CLOSE[:1]), *seeds("dcgan", FAR[:1])], registry)
    assert {row.ranks for row in by_label.values()} == {None}
    assert bold(by_label) == set()
    assert group.notes == ["nothing is bold in FD: vae, dcgan have fewer than 3 seeds"]


def test_a_row_with_too_few_seeds_to_be_beaten_keeps_all_others_from_being_bold(registry):
    records = [*seeds("vae", CLOSE), *seeds("dcgan", FAR), *seeds("wgan", [12.5])]
    by_label, group = rows(records, registry)
    assert by_label["wgan"].ranks == Standing(1, 3)
    assert bold(by_label) == set()
    assert "nothing is bold in FD: wgan has fewer than 3 seeds" in group.notes


def test_a_reference_row_does_not_compete(registry):
    by_label, group = rows([*seeds("real", CLOSE), *seeds("vae", ALIKE)], registry)
    assert by_label["real"].ranks is by_label["vae"].ranks is None
    assert group.notes == []


def test_a_row_of_fewer_samples_than_the_protocol_is_told_with_its_count(registry):
    real = board_records.record("real", 1.0)
    real.facts["sample_count"] = 7
    _, group = rows([*seeds("vae", CLOSE), real], registry)
    assert "fewer samples than 10, all that there are: real (7); distances of fewer samples are larger" in group.notes


def test_a_row_that_is_better_than_real_samples_is_never_bold_and_told(registry):
    best, others = seeds("vae", CLOSE), [*seeds("dcgan", FAR), *seeds("wgan", FARTHER)]
    real = board_records.record("real", 13.0)
    real.bands["fid"] = {"low": 12.5, "high": 14.0, "draws": 5, "count": 10}
    by_label, group = rows([*best, *others, real], registry)
    assert bold(by_label) == set()
    assert (
        "nothing is bold in FD: vae is better than real samples, as copies and collapsed samples can be" in group.notes
    )
    real.bands["fid"]["low"] = 10.0
    by_label, _ = rows([*best, *others, real], registry)
    assert bold(by_label) == {"vae"}


def test_other_columns_have_bold_rows_of_their_own(registry):
    records = [
        record(model, seed, value, recall=value / 40 + noise / 10)
        for model, values in (("vae", CLOSE), ("dcgan", FAR), ("wgan", FARTHER))
        for seed, (value, noise) in enumerate(zip(values, (0.1, 0.2, 0.3, 0.1, 0.0), strict=True))
    ]
    by_label, _ = rows(records, registry)
    assert (bold(by_label), bold(by_label, "recall")) == ({"vae"}, {"wgan"})


@pytest.mark.parametrize("columns", [["fid"], ["fid", "kid"], ["fid", "train_seconds"]])
def test_columns_that_are_asked_for_leave_the_verdicts_of_the_others_out(registry, columns):
    records = [
        record(model, seed, value, recall=value / 40 + noise / 10, kid=value)
        for model, values in (("vae", CLOSE), ("dcgan", FAR), ("wgan", FARTHER))
        for seed, (value, noise) in enumerate(zip(values, ALIKE, strict=True))
    ]
    whole, _ = rows(records, registry)
    by_label, group = rows(records, registry, columns=columns)
    assert standing(by_label) == standing(whole)
    for key in columns:
        assert bold(by_label, key) == bold(whole, key)
    assert not any("ecall" in note for note in group.notes)


def test_a_row_that_lost_seeds_is_not_called_better_than_one_that_did_not(registry):
    lost = [board_records.record("vae", None, seed=seed, status="diverged") for seed in (5, 6)]
    by_label, group = rows([*seeds("vae", CLOSE), *lost, *seeds("dcgan", FAR)], registry)
    assert standing(by_label) == {"vae": "1-2", "dcgan": "1-2"}
    assert bold(by_label) == set()
    assert (
        "seeds that failed: vae (2 of 7); no row is called better than one that lost fewer of its seeds" in group.notes
    )


def test_counts_that_agree_on_every_seed_are_not_told_apart_by_one(registry):
    """With no spread between seeds a difference of any size once had p = 0."""
    ten, nine = (
        [record(model, seed, 1.0, modes_covered=count) for seed in range(3)]
        for model, count in (("vae", 10), ("gan", 9))
    )
    by_label, _ = rows([*ten, *nine], registry, sort="modes_covered")
    assert standing(by_label) == {"vae": "1-2", "gan": "1-2"}


def test_a_planted_collapsed_generator_is_flagged_against_the_real_row_and_a_sound_one_is_not(registry):
    real = record("real", 0, 1.0, recall=0.9, precision=0.9, modes_covered=10.0)
    sound = record("vae", 0, 9.0, recall=0.5, precision=0.9, modes_covered=10.0)
    collapsed = record("gan", 0, 9.0, recall=0.01, precision=0.9, modes_covered=1.0)
    by_label, _ = rows([real, sound, collapsed], registry)
    assert (by_label["vae"].collapse, by_label["real"].collapse) == ("", "")
    assert by_label["gan"].marks == "†"
    assert by_label["gan"].collapse == (
        "recall 0.01 is under 10% of the real 0.9, modes_covered 1 is under 50% of the real 10"
    )
    assert "† gan collapsed" in rendered([real, sound, collapsed], "table", width=100)


def test_poor_samples_are_not_called_collapsed(registry):
    """Numbers of sngan and of noise on MNIST: recall and coverage fall with quality."""
    real = record(
        "real", 0, 0.4, recall=0.952, precision=0.957, coverage=0.578, modes_covered=10, vendi=6.96, pair_ssim=0.362
    )
    sngan = record(
        "sngan", 0, 90.0, recall=0.325, precision=0.888, coverage=0.0814, modes_covered=10, vendi=5.57, pair_ssim=0.425
    )
    noise = record(
        "gan", 0, 277.0, recall=0, precision=0.579, coverage=0.001, modes_covered=1, vendi=1.15, pair_ssim=0.0051
    )
    by_label, _ = rows([real, sngan, noise], registry)
    assert {row.collapse for row in by_label.values()} == {""}


SPREAD = """
from genharness import Column, MetricSpec, hookimpl

@hookimpl
def genharness_metrics():
    column = Column(key="spread", title="Spread", higher_is_better=True, collapse_below=0.3)
    return [MetricSpec(name="spread", summary="Ours", factory="nowhere:Spread", columns=(column,))]
"""


def test_a_strangers_score_tells_collapse_where_it_says_so(make_plugin):
    make_plugin("spread-metric", SPREAD)
    records = [record("real", 0, 1.0, spread=1.0), record("gan", 0, 2.0, spread=0.2)]
    by_label, _ = rows(records, load_registry())
    assert by_label["gan"].collapse == "spread 0.2 is under 30% of the real 1"


def test_how_many_seeds_collapsed_is_told(registry):
    real = record("real", 0, 1.0, modes_covered=10)
    gans = [record("gan", seed, 2.0, modes_covered=modes) for seed, modes in enumerate((8, 2))]
    by_label, _ = rows([real, *gans], registry)
    assert by_label["gan"].collapse.endswith("(1 of 2 seeds)")


def test_without_a_real_row_nothing_is_called_collapsed(registry):
    by_label, _ = rows([record("gan", 0, 2.0, modes_covered=1)], registry)
    assert by_label["gan"].collapse == ""


CAVEAT = "is biased upwards by fewer samples than feature dimensions: read kid and prdc beside it"


def test_a_frechet_distance_of_too_few_samples_is_noted(registry):
    many, few = record("vae", 0, 1.0), record("gan", 0, 2.0, fid_samples_per_dimension=0.5)
    _, group = rows([many, few], registry)
    assert f"FD (of gan) {CAVEAT}" in group.column_notes["fid"]
    _, group = rows([few, record("vae", 0, 1.0, fid_samples_per_dimension=0.5)], registry)
    assert group.notes_on(group.shown)[-1] == f"FD {CAVEAT}"


def test_what_is_not_shown_needs_no_caveat(registry):
    few = record("gan", 0, 2.0, coverage=0.5, fid_samples_per_dimension=0.5)
    assert rows([few], registry, columns=["coverage"])[1].column_notes == {}
    _, group = rows([few], registry)
    assert not any("biased" in note for note in group.notes_on(group.columns[1:]))
    assert "fid" not in rows([record("gan", 0, 2.0)], registry)[1].column_notes


RESTS = """
from genharness import Column, MetricSpec, hookimpl

@hookimpl
def genharness_metrics():
    columns = (
        Column(key="first", title="First"),
        Column(key="second", title="Second"),
        Column(key="second_share", title="Share", caveat="rests on a share", caveat_on="second"),
    )
    return [MetricSpec(name="rests", summary="Ours", factory="nowhere:Rests", columns=columns)]
"""


def test_what_is_said_of_one_number_is_not_said_of_another_of_its_metric(make_plugin):
    make_plugin("rests-metric", RESTS)
    one, registry = record("vae", 0, 1.0, first=1.0, second=2.0, second_share=0.01), load_registry()
    told = {"second": ["Second rests on a share"]}
    for columns, expected in (((), told), (["second"], told), (["first"], {}), (["fid"], {})):
        assert rows([one], registry, columns=columns)[1].column_notes == expected


NOTED = """
from genharness import Column, MetricSpec, hookimpl

@hookimpl
def genharness_metrics():
    column = Column(key="apart", title="Apart", titles={"inception": "Known"}, note="is in units of its own")
    return [MetricSpec(name="apart", summary="Ours", factory="nowhere:Apart", columns=(column,))]
"""


def test_a_column_says_what_its_metric_says_of_it_but_not_under_its_known_name(make_plugin):
    make_plugin("apart-metric", NOTED)
    records = [
        board_records.record("vae", 1.0, extractor=name, scores={"apart": 1.0}) for name in ("classifier", "inception")
    ]
    groups = build(records, load_registry()).groups
    said = {group.protocol.extractor: group.column_notes.get("apart") for group in groups}
    assert said == {"classifier": ["Apart is in units of its own"], "inception": None}


def test_where_drawing_samples_makes_most_of_the_spread_it_is_said(registry):
    records = [*seeds("vae", CLOSE), *seeds("dcgan", ALIKE), *seeds("gan", CLOSE)]
    for one in records:
        one.errors = {"fid": 0.7}
    _, group = rows(records, registry)
    assert any("% of the variance of FD over seeds comes from drawing 10 samples" in note for note in group.notes)
    for one in records:
        one.errors = {"fid": 0.1}
    assert not any("comes from drawing" in note for note in rows(records, registry)[1].notes)


OTHER = {"model": "0" * 16, "training": "0" * 16}
OLDER = {**OTHER, "model": "1" * 16}


@pytest.fixture(scope="module")
def code():
    """Digests of the code that trains a model here."""
    registry = load_registry()
    return lambda model: training_code(registry, model)


made = board_records.record


def boarded(*records):
    (group,) = build(records, load_registry()).groups
    return {row.label: row for row in group.rows}, group.notes


def test_a_row_by_other_code_is_marked_and_told_below(code):
    rows, notes = boarded(
        made("vae", 1.0, code=code("vae")), made("dcgan", 2.0, code={**code("dcgan"), "model": "0" * 16})
    )
    assert (rows["vae"].marks, rows["dcgan"].marks) == ("", "‡")
    assert rows["dcgan"].other_code == ("code of dcgan changed",)
    assert "‡ dcgan: code of dcgan changed" in notes


def test_rows_that_differ_alike_share_a_line(code):
    changed = [made(model, 1.0, code={**code(model), "training": "0" * 16}) for model in ("vae", "dcgan")]
    _, notes = boarded(*changed)
    assert "‡ vae, dcgan: code of genharness's training changed" in notes


def test_one_seed_by_other_code_marks_the_row(code):
    rows, _ = boarded(made("vae", 1.0, code=code("vae")), made("vae", 2.0, seed=1, code=OTHER))
    assert rows["vae"].marks == "‡"


def test_a_metric_by_other_code_marks_the_row(code):
    one = made("vae", 1.0, code=code("vae"))
    one.code = {"fid": {"metric fid": "0" * 16}}
    rows, _ = boarded(one)
    assert rows["vae"].other_code == ("code of metric fid changed",)


def test_records_from_before_code_was_known_are_marked_beside_others_only(code):
    old, new = made("dcgan", 2.0), made("vae", 1.0, code=code("vae"))
    assert boarded(old)[0]["dcgan"].marks == ""
    rows, notes = boarded(old, new)
    assert (rows["dcgan"].marks, rows["vae"].marks) == ("‡", "")
    assert f"‡ dcgan: {UNKNOWN_CODE}" in notes


def test_of_one_seed_the_result_of_the_installed_code_is_shown(code):
    new, old, older = (
        dataclasses.replace(made("vae", fid, code=digests), finished_at=when)
        for fid, digests, when in (
            (1.0, code("vae"), "2026"),
            (2.0, OTHER, "2028"),
            (3.0, {**OTHER, "model": "1" * 16}, "2027"),
        )
    )
    rows, notes = boarded(old, new, older)
    assert rows["vae"].by_seed("fid") == {0: 1.0}
    assert "left out: 2 earlier results of the same cells by other code" in notes
    rows, _ = boarded(old, older)
    assert rows["vae"].by_seed("fid") == {0: 2.0}
