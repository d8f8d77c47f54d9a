"""Which rows a leaderboard shows."""

from dataclasses import replace

import pytest

from board_records import record
from genharness.board.build import build
from genharness.board.choosing import choose_records, parse_condition
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def point(lr, score, model="vae", **changes):
    return record(model, score, options={"lr": lr, "norm": "batch", "ema": None}, **changes)


RECORDS = [
    point(1e-3, 3.0),
    point(2e-4, 1.0),
    point(2e-4, 2.0, model="dcgan"),
    record("real", 0.1),
    record("noise", 9.0),
]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("lr=2e-4", True),
        ("lr=0.0002", True),
        ("lr != 2e-4", False),
        ("lr<1e-3", True),
        ("lr>=1e-3", False),
        ("lr=1e-3, 2e-4", True),
        ("lr=1e-3,5e-3", False),
        ("lr!=1e-3,2e-4", False),
        ("lr!=1e-3,5e-3", True),
        ("norm=layer,batch", True),
        ("norm=batch", True),
        ("norm!=layer", True),
        ("ema=none", True),
        ("ema<1", False),
        ("other!=1", False),
        ("mirror=true", True),
    ],
)
def test_a_condition_compares_numbers_as_numbers_and_words_as_words(text, holds):
    assert parse_condition(text).holds({"lr": 2e-4, "norm": "batch", "ema": None, "mirror": True}) == holds


@pytest.mark.parametrize("text", ["norm<layer", "lr>nan", "lr<=1e400", "lr<>3"])
def test_less_and_more_are_of_numbers(text):
    with pytest.raises(ConfigError, match="compares with a number, such as lr<1e-3"):
        parse_condition(text)


@pytest.mark.parametrize("text", ["lr", "=3", "lr=", "lr~3", ""])
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(ConfigError, match="must read SETTING=VALUE"):
        parse_condition(text)


@pytest.mark.parametrize(
    ("models", "where", "rows"),
    [
        (("vae",), (), [("vae", 1e-3), ("vae", 2e-4)]),
        ((), ("lr=2e-4",), [("vae", 2e-4), ("dcgan", 2e-4)]),
        (("*ae",), ("lr<=2e-4", "norm=batch"), [("vae", 2e-4)]),
    ],
)
def test_rows_are_chosen_and_reference_rows_stay(registry, models, where, rows):
    found = choose_records(RECORDS, registry, models, tuple(map(parse_condition, where)))
    told = [(one.cell.model, one.cell.options.get("lr")) for one in found]
    assert told == [*rows, ("real", None), ("noise", None)]


@pytest.mark.parametrize(
    ("models", "where", "message"),
    [
        (("vea",), (), "no results of the model 'vea'; did you mean 'vae'?"),
        ((), ("l=1",), "no row has a setting 'l'; did you mean 'lr'?"),
        (("vae",), ("lr=7",), "--where leaves no row: lr is 0.0002, 0.001$"),
    ],
)
def test_a_choice_of_nothing_is_refused(registry, models, where, message):
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")):
        choose_records(RECORDS, registry, models, tuple(map(parse_condition, where)))


def test_the_best_of_a_model_says_of_how_many_and_how_it_was_chosen(registry):
    (group,) = build(RECORDS, registry, best_of=["vae"]).groups
    assert [row.label for row in group.rows] == ["real", "vae lr=0.0002", "dcgan", "noise"]
    assert group.notes[-1].startswith("vae: the best of 2 rows by FD, chosen by the very score that is shown")


def test_the_best_of_a_model_needs_a_column_that_ranks(registry):
    records = [replace(one, measurements={"parameters": 7.0}) for one in RECORDS]
    with pytest.raises(ConfigError, match="--best-of: no column that is shown ranks rows: add one that does, or name"):
        build(records, registry, columns=("parameters",), best_of=["vae"])


def test_the_best_of_nobody_is_refused_and_of_one_row_is_that_row(registry):
    with pytest.raises(ConfigError, match=r"--best-of: no row of the model 'gan'"):
        build(RECORDS, registry, best_of=["gan"])
    board = build(RECORDS, registry, best_of=["dcgan"])
    assert not [note for note in board.groups[0].notes if "best of" in note]


COLLAPSED = [
    record("real", 0.1, scores={"vendi": 9.0, "precision": 0.9, "hub_share": 0.0}),
    *(point(lr, score, scores={"vendi": 1.0}) for lr, score in ((1e-3, 3.0), (2e-4, 1.0), (1e-4, 2.0))),
    point(2e-4, 2.0, model="dcgan"),
]


def test_where_the_best_alone_stays_notes_tell_of_no_row_that_went(registry):
    lost = point(1e-3, None, seed=1, status="diverged")
    whole, best = (build([*COLLAPSED, lost], registry, best_of=best).groups[0] for best in ((), ("vae",)))
    gone = {row.label for row in whole.rows} - {row.label for row in best.rows}
    assert gone == {"vae lr=0.001", "vae lr=0.0001"}
    told = ["\n".join(group.notes_on(group.columns)) for group in (whole, best)]
    assert all(label in told[0] and label not in told[1] for label in gone)
    assert "† vae lr=0.0002 collapsed" in told[1]
    assert "vae lr=0.0002, dcgan and 2 rows not shown have fewer than 3 seeds" in told[1]
    assert [len(group.failures) for group in (whole, best)] == [1, 0]


def test_the_best_keeps_its_rank_among_all_rows(registry):
    records = [point(lr, score + seed / 9, seed=seed) for lr, score in ((1, 1.0), (2, 9.0)) for seed in range(5)]
    records += [point(1, 5.0 + seed / 9, seed=seed, model="dcgan") for seed in range(5)]
    whole, best = (build(records, registry, best_of=best).groups[0] for best in ((), ("vae",)))
    ranks, kept = ({row.label: str(row.ranks) for row in group.rows} for group in (whole, best))
    assert ranks == {"vae lr=1": "1", "dcgan": "2", "vae lr=2": "3"}
    assert kept == {"vae lr=1": "1", "dcgan": "2"}


@pytest.mark.parametrize(("condition", "scores"), [("none", [2.0]), ("colour,cutout", [3.0]), ("none,cutout", [2.0])])
def test_a_list_is_asked_for_by_the_words_of_its_row(registry, condition, scores):
    records = [
        record("vae", score, options={"kinds": kinds}) for score, kinds in ((2.0, []), (3.0, ["colour", "cutout"]))
    ]
    found = choose_records(records, registry, (), (parse_condition(f"kinds={condition}"),))
    assert [one.scores["fid"] for one in found] == scores
