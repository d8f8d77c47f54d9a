"""Pages of many rows: names that fit and still tell rows apart, and no figure that says nothing."""

import re
from itertools import pairwise

import numpy as np
import pytest

from board_records import record
from genharness.board.build import build
from genharness.figures.scales import Scale
from genharness.plugin.registry import load_registry
from genharness_report_html.names import how_many, short_name
from genharness_report_html.numbers import number_table
from genharness_report_html.ranking import _places
from report_pages import page, swept

GRID = [
    {"latent": latent, "lr": lr, "batch": batch} for latent in (16, 100) for lr in (1e-4, 1e-3) for batch in (8, 64)
]


def sweep():
    records = [
        record(model, 400.0 + place, options=options)
        for model in ("deep-dcgan", "dcgan")
        for place, options in enumerate(GRID)
    ]
    for one in records:
        one.measurements |= {"train_seconds": 20.0, "latency_p50_ms": 0.5}
    return records


def rows():
    return build(sweep(), load_registry()).groups[0].rows


@pytest.mark.parametrize("most", [13, 22, 24, 26, 34])
def test_a_name_that_is_cut_keeps_what_tells_its_row_from_the_others(most):
    names = [short_name(row, most) for row in rows()]
    assert all(len(name) <= most for name in names)
    if most >= 22:
        assert len(set(names)) == len(names)


def test_a_name_that_fits_is_whole_and_settings_lose_their_keys_first():
    row = next(row for row in rows() if row.model == "dcgan")
    assert short_name(row, 60) == row.label
    assert short_name(row, len(row.label) - 1) == "dcgan " + " ".join(re.findall(r"=(\S+)", row.variation))


def test_names_of_one_model_are_made_in_one_way_in_every_figure():
    long, short = [
        record("edm", 5.0 + place, options={"sampler": name, "steps": 5 + place})
        for place, name in enumerate(("dpmpp-2m", "heun"))
    ]
    for one in (long, short):
        one.measurements |= {"train_seconds": 20.0 + one.scores["fid"], "latency_p50_ms": 0.5}
        one.history.losses = {"step": [1, 2], "loss": [2.0, 1.0]}
    text = page([long, short, record("vae", 9.0, options={"lr": 1}), record("vae", 8.0, options={"lr": 2})])
    drawn = "".join(re.findall(r"<figure.*?</figure>", text, re.DOTALL))
    assert {"edm dpmpp-2m 5", "edm heun 6", "vae lr=1"} <= set(re.findall(r">((?:edm|vae) [^<]*)<", drawn))
    assert not re.search("(<text[^>]*|<bdi)>edm sampler=", drawn)  # titles that are shown on hovering are whole
    assert ">edm sampler=heun steps=6<" in text.split('id="g1-board"')[1].split("</table>")[0]


def test_rows_that_only_draw_otherwise_have_one_panel_of_losses_that_names_what_they_share():
    records = [record("edm", 5.0 + steps, options={"lr": 1, "steps": steps}) for steps in (5, 10)]
    for one in records:
        one.training = "one"
        one.history.losses = {"step": [1, 2], "loss": [2.0, 1.0]}
    other = record("edm", 9.0, options={"lr": 2, "steps": 5})
    other.history.losses = records[0].history.losses
    text = page([*records, other])
    drawn = text[text.index('id="g1-losses"') :].split("</figure>")[0]
    assert set(re.findall(r'class="mh">.*?<bdi>(.*?)</bdi>', drawn)) == {"edm lr=1", "edm lr=2 steps=5"}


def test_what_is_written_in_ink_has_a_rule_that_says_so():
    text = page(swept())
    style = text.split("<style>")[1].split("</style>")[0]
    sorts = {one.split()[0] for one in re.findall(r'<text [^>]*class="([^"]*\bink\b[^"]*)"', text)}
    assert sorts >= {"vl", "tk"}
    assert all(re.search(rf"\.{sort}\.ink[,{{]", style) for sort in sorts)


def test_a_setting_alone_is_weighed_against_nothing():
    alone = page([record("vae", 9.0 + lr, options={"lr": lr}) for lr in range(10)])
    assert 'id="g1-slices-0"' in alone
    assert 'id="g1-importance-0"' not in alone
    assert 'id="g1-importance-0"' in page(swept())


def test_the_heading_counts_models_and_their_settings():
    assert how_many(rows()) == "2 generative models in 16 settings"
    assert how_many(rows()[:1]) == "1 generative model"


def test_the_bar_of_a_rank_ends_where_the_rank_does_also_beyond_the_rows_that_are_drawn():
    rng = np.random.default_rng(0)
    records = [
        record("vae", float(10 * 1.06**place * rng.lognormal(0, 0.08)), seed=seed, options={"lr": place})
        for place in range(30)
        for seed in range(5)
    ]
    text = page(records)
    drawn = text[text.index('id="g1-ranking"') :].split("</figure>")[0].split('<div class="narrow">')[0]
    bars = re.findall(r'rank (\d+) to (\d+)</title>.*?<rect x="([\d.]+)"[^>]* width="([\d.]+)"[^>]* class="rk"', drawn)
    assert len(bars) == 20
    ends = {int(high): float(x) + float(width) for _, high, x, width in bars}
    assert len(ends) > 4
    assert max(ends) > 20
    steps = np.diff([ends[high] for high in sorted(ends)]) / np.diff(sorted(ends))
    assert steps == pytest.approx(190 / max(ends), abs=0.3)
    numbers = [int(one) for one in re.findall(r'class="tk" text-anchor="middle">(\d+)<', drawn.split("rank, at 95")[1])]
    assert numbers[:3] == [1, 5, 10]


@pytest.mark.parametrize(("last", "step"), [(6, 17.6), (14, 13.6), (26, 7.3), (60, 3.2), (300, 0.63), (20_000, 0.01)])
def test_the_numbers_of_ranks_have_room_beside_each_other(last, step):
    places = _places(last, step)
    assert places[0] == 1
    assert places[-1] <= last
    assert all((b - a) * step > 7 * len(str(b)) for a, b in pairwise(places))
    assert len(places) >= (3 if last < 5000 else 1)


def test_names_of_losses_are_whole_and_held_out_points_are_explained_where_there_are_some():
    records = [record("dcgan", 9.0)]
    records[0].history.losses = {"step": [1, 2], "gradient_penalty": [1.0, 2.0], "critic_loss": [2.0, 1.0]}
    text = page(records)
    assert ">gradient penalty</text>" in text
    assert "held-out samples, where" not in text
    records[0].history.held_out = {"step": [1, 2], "critic_loss": [3.0, 2.0]}
    assert "points: held-out samples, where" in page(records)


def test_where_no_two_of_many_rows_are_told_apart_no_empty_matrix_is_drawn():
    records = [record("vae", 10.0 + seed, seed=seed, options={"lr": one}) for one in range(12) for seed in range(3)]
    text = page(records)
    assert "tell 0 of 66 pairs apart" in text
    assert 'id="g1-pairs"' not in text
    assert 'id="g1-pairs"' in page(records[:9])


def test_a_name_of_hundreds_of_characters_is_broken_and_costs_no_column():
    short, long = ([record("vae", 9.0, options={"note": one}) for one in ("b", note)] for note in ("a", "a" * 400))
    for one in (*short, *long):
        one.scores |= dict.fromkeys(("precision", "recall", "density", "coverage", "clipped_density"), 0.5)
        one.measurements |= {"train_seconds": 9.0, "latency_p50_ms": 0.5}
    pages = [page(one) for one in (short, long)]
    assert [text.count('class="nm long"') for text in pages] == [0, 1]
    heads = [text.count('<th scope="col" class="n"') for text in pages]
    assert heads[0] - 4 <= heads[1] > 4  # rank, seeds, and at least three scores


def test_columns_of_numbers_stand_right_with_minus_signs_and_words_left():
    text = number_table(["setting", "change"], [["lr", -0.25], ["width", None]])
    assert '<td class="n"><bdi>\u22120.25</bdi></td>' in text
    assert "<td><bdi>lr</bdi></td>" in text


def test_captions_hold_in_the_dark_too():
    one = record("acgan", 9.0)
    one.confusion = [[8, 2], [0, 10]]
    text = page([one])
    assert "asked for and recognised" in text
    assert not re.search(r"\b(darker|black|white)\b", re.sub(r"<style>.*?</style>", "", text, flags=re.S))


def crowd(seeds=1):
    """Return the records of fourteen models whose shares lie close together, with losses."""
    made = [record(f"model-{place:02}", 10.0 + place, seed=seed) for place in range(14) for seed in range(seeds)]
    for place, one in enumerate(made):
        one.scores |= {"density": 0.5 + place / 1000, "coverage": 0.5, "precision": 0.5, "recall": 0.5 + place / 1000}
        one.history.losses = {"step": [1, 2, 3], "loss": [3.0, 2.0, 1.0]}
    return made


def figure_of(text, part):
    found = text[text.index(f'id="g1-{part}"') :]
    return found[: found.index("</figure>")]


def test_the_name_of_an_axis_makes_room_for_how_many_are_named():
    wide, narrow = figure_of(page(crowd()), "coverage").split("<svg")[1:3]
    assert "↑ density: how densely" in wide
    assert re.search(r"\d+ of 14 named", narrow)
    assert re.search(r">↑ density<", narrow, re.IGNORECASE)


def test_panels_of_the_best_rows_say_so_and_bars_are_explained_where_there_are_some():
    text = page(crowd())
    assert "Of the best 12 of 14 rows." in figure_of(text, "losses")
    assert "deviation over seeds" not in figure_of(text, "coverage")
    assert "Of the best" not in page(crowd()[:12])
    assert "Bars: ± standard deviation over seeds." in figure_of(page(crowd(seeds=2)), "coverage")


def test_a_plane_says_how_many_of_its_marks_are_named():
    assert re.search(r">(\d+) of 16 named<", page(sweep()))


def test_many_rows_with_one_seed_have_no_matrix_of_empty_boxes():
    text = page(sweep())
    assert 'id="g1-pairs"' not in text
    assert re.search(r'<a href="#g1-[a-z]+">Comparisons</a>', text)
    assert "Long names: settings by their values" in text


def test_rows_that_collapsed_are_folded_where_they_are_many():
    records = sweep()
    real = record("real", 1.0, scores={"recall": 0.9})
    for one in records:
        one.scores |= {"recall": 0.01, "precision": 0.9}
    real.scores |= {"precision": 0.9}
    text = page([*records, real])
    assert "<summary>† 16 rows collapsed: which, and by what</summary>" in text
    assert text.count("collapsed: recall") == 16


def test_one_training_has_one_panel_of_losses():
    records = [record("ddpm", 10.0 + steps, options={"steps": steps}) for steps in (10, 20, 50)]
    for one in records:
        one.history.losses = {"step": [1, 2, 3], "loss": [3.0, 2.0, 1.0]}
        one.training = "ddpm-digits-s0-one"
    records[-1].training = "ddpm-digits-s0-other"
    text = page(records)
    figure = text[text.index('id="g1-losses"') :]
    assert figure[: figure.index("</figure>")].count('class="sm"') == 2


@pytest.mark.parametrize(("low", "high"), [(385.0, 480.0), (1.1, 1.9), (31.0, 39.0)])
def test_a_short_logarithmic_axis_has_ticks(low, high):
    assert 2 <= len(Scale(low, high, log=True).ticks(5)) <= 6
