"""What tells variants apart, and nothing else."""

import random

import pytest

from genharness.spec.naming import changed_settings, differing_settings, setting_word, single_differences

SMOKE, LONG = {"budget": "smoke", "length": "9steps", "width": 8}, {"budget": "9s", "length": "9s", "width": 64}


@pytest.mark.parametrize(
    ("variants", "names"),
    [
        ([{"a": 1, "b": 2}, {"a": 1, "b": 3}], ["b"]),
        ([{"a": 1}, {"a": 1}], []),
        ([{"a": 1}, {"b": 1}], ["a", "b"]),
        ([{"a": None}, {}], ["a"]),
        ([{"a": [1, 2]}, {"a": [2, 1]}], ["a"]),
        ([{"a": True}, {"a": 1}], ["a"]),
        ([{"a": 1}, {"a": 1.0}], ["a"]),
        ([{"a": 0.0}, {"a": -0.0}], ["a"]),
        ([{"a": 0.5}, {"a": 0.5}], []),
        ([{"a": 1}, {"a": 1}, {}], ["a"]),
        ([{**SMOKE}, {**LONG}], ["budget"]),
        ([{**SMOKE, "lr": 1}, {**LONG, "lr": 2}, {**LONG, "lr": 3}], ["budget", "lr"]),
        ([{**SMOKE, "lr": 1}, {**LONG, "lr": 2}], ["budget"]),
        ([{**SMOKE}, {**SMOKE, "length": "8steps"}], ["length"]),
        ([], []),
    ],
)
def test_settings_that_differ_are_named_but_what_follows_from_the_budget_is_not(variants, names):
    assert differing_settings(variants) == names


@pytest.mark.parametrize(
    ("value", "word"),
    [([], "none"), (("colour", "cutout"), "colour,cutout"), ([1, 2, 2], "1,2,2"), (2e-4, 2e-4), (None, None)],
)
def test_lists_are_named_by_what_they_hold(value, word):
    assert setting_word(value) == word


def test_a_value_longer_than_a_name_is_named_by_its_beginning_and_a_digest():
    long = "x" * 1_000_000
    words = [setting_word(value) for value in (long, long + "y", [long], "\ud800" * 300)]
    assert [len(word) for word in words] == [69] * 4
    assert words[0] == words[2] != words[1]
    assert words[0].startswith("x" * 60 + "…")
    assert setting_word("x" * 200) == "x" * 200


def test_single_differences_are_those_of_every_pair():
    draw = random.Random(0)
    for _ in range(200):
        variants = [
            {
                name: draw.choice([1, 1.0, "1", [1], None])
                for name in ("lr", "budget", "batch", "depth")
                if draw.random() < 0.8
            }
            for _ in range(draw.randint(1, 12))
        ]
        names = differing_settings(variants)
        assert single_differences(variants) == [
            sum(len(changed_settings(names, one, other)) == 1 for other in variants if other is not one)
            for one in variants
        ]


def test_of_two_budgets_only_what_follows_from_them_in_all_variants_is_no_difference():
    """Of two variants alone every setting seems to follow from the budget."""
    variants = [{**base, "ema": ema} for base in (SMOKE, LONG) for ema in (None, 0.9)]
    names = differing_settings(variants)
    assert names == ["budget", "ema"]
    assert changed_settings(names, variants[0], variants[2]) == ["budget"]
    assert changed_settings(names, variants[0], variants[3]) == ["budget", "ema"]
    assert single_differences(variants) == [2, 2, 2, 2]
