"""A comparison in words: what it says of the difference, and of what so few seeds cannot say."""

from genharness.stats import ScoreTable, compare, compare_many

GROUPS = {
    "dcgan": {0: 25.0, 1: 27.0, 2: 26.0},
    "vae": {0: 80.0, 1: 81.0, 2: 83.0},
    "wgan": {0: 24.0, 1: 27.5, 2: 25.5},
}


def test_with_three_seeds_the_sentence_says_that_no_exact_test_can_decide_and_what_it_takes():
    compared = compare_many(ScoreTable(groups=GROUPS, log=True))[0]
    assert compared.sentence.startswith("dcgan is better than vae: ratio ")
    assert (
        "With 3 and 3 seeds the exact Mann-Whitney test cannot fall below p = 0.3 corrected for 3 comparisons, "
        f"so it cannot reach 5 %: it takes 4 of each, {compared.seeds.for_exact_test} corrected."
    ) in compared.sentence


def test_a_floor_that_only_the_correction_lifts_above_5_percent_is_told_corrected():
    """With 5 and 3 seeds the test alone can reach 0.036, so it was false that 0.036 cannot reach 5 %."""
    groups = {**GROUPS, "dcgan": {0: 25.0, 1: 27.0, 2: 26.0, 3: 25.5, 4: 26.5}}
    sentence = compare_many(ScoreTable(groups=groups, log=True))[0].sentence
    assert "cannot fall below p = 0.11 corrected for 3 comparisons, so it cannot reach 5 %" in sentence


def test_an_undecided_sentence_says_how_many_seeds_would_decide():
    compared = compare_many(ScoreTable(groups=GROUPS))[1]
    assert compared.sentence.startswith("dcgan and wgan cannot be told apart: difference ")
    assert f"{compared.seeds.for_power} seeds of each would find it with power 0.8." in compared.sentence


def test_enough_seeds_let_the_exact_test_speak():
    apart = compare(range(5), range(10, 15))
    assert "The exact Mann-Whitney test can tell them apart (p = 0.0079)." in apart.sentence
    mixed = compare([1.0, 2, 3, 4, 5], [1.5, 2.5, 3.5, 4.5, 5.5])
    assert "The exact Mann-Whitney test cannot tell them apart" in mixed.sentence


def test_equal_means_name_no_number_of_seeds():
    assert "no number of seeds can be named" in compare([1.0, 2.0], [2.0, 1.0]).sentence


def test_a_hardly_visible_difference_names_the_limit_instead_of_a_number():
    sentence = compare([0.0, 1.0, 2.0], [0.001, 1.001, 2.001]).sentence
    assert "more than 1000 seeds of each would be needed" in sentence
