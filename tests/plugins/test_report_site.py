"""Pages of a site: a model's own page is about that model, and links to what it leaves out."""

import re

from board_records import CLOSE, FAR, record, seeds
from genharness.board.build import build
from genharness.board.render import RenderOptions
from genharness.board.site import pages_of
from genharness.plugin.registry import load_factory, load_registry


def site(records):
    registry = load_registry()
    reporter = load_factory(registry.reporters["report"])
    return {one.file: reporter(one.board, RenderOptions(site=one.place)) for one in pages_of(build(records, registry))}


def zoo(count=26):
    """Return the records of so many models, the best first."""
    return [
        *(
            one
            for place in range(count)
            for one in seeds(f"m{place:02}", [10 * 1.3**place + seed for seed in range(3)])
        ),
        record("real", 1.0),
        record("m00", None, seed=9, status="failed", reason="not mine"),
        record("m25", None, seed=9, status="failed", reason="mine"),
    ]


def figure(text, part):
    return text[text.index(f'id="g1-{part}"') :].split("</figure>")[0]


def test_the_page_of_a_model_says_where_it_stands_and_draws_it_however_far_down():
    text = site(zoo())["model-m25.html"]
    verdict = re.search(r'<p class="verdict">(.*?)</p>', text).group(1)
    assert re.match(r"<b><bdi>m25</bdi></b> has rank \d+( to \d+)? of 26 on digits: FD ", verdict)
    assert "the best, <b><bdi>m00</bdi></b>, scored" in verdict
    for part in ("ranking", "cost"):
        if f'id="g1-{part}"' in text:
            assert 'data-m="m25"' in figure(text, part)
    drawn = figure(text, "ranking").split('<div class="narrow">')[0]
    assert re.findall(r'data-m="(m\d\d)"', drawn) == [*(f"m{place:02}" for place in range(19)), "m25"]
    assert 'class="lb b">m25<' in drawn
    assert "The best 19 of 26, and m25." in text


def test_the_page_of_a_model_leaves_the_other_rows_to_the_page_of_the_dataset_and_links_there():
    pages = site(zoo())
    text, whole = pages["model-m25.html"], pages["data-digits.html"]
    rows = re.findall(r'<tr data-m="([^"]+)"', text.split('id="g1-board"')[1].split("</table>")[0])
    assert rows[:3] == ["real", "m00", "m25"]
    assert "m10" not in rows
    assert 'href="data-digits.html">all 27 rows and comparisons</a>' in text
    assert 'id="g1-pairs"' in whole
    assert 'id="g1-pairs"' not in text
    assert "not mine" not in text
    assert "mine" in figure(text, "failures")
    assert "--models m25 " in figure(text, "repeat")
    assert len(text) < 0.6 * len(whole)


def test_few_models_are_all_linked_and_many_stand_behind_a_line():
    few, many = site([*seeds("vae", CLOSE), *seeds("gan", FAR)])["index.html"], site(zoo())["model-m25.html"]
    assert '<nav class="site" aria-label="Pages"><b aria-current="page"><bdi>Overview</bdi></b>' in few
    assert 'href="model-vae.html"' in few
    assert "<summary>" not in few.split("<main")[0]
    assert "<summary>26 models: <b>m25</b></summary>" in many
    assert 'href="model-m00.html"' in many


def test_a_model_of_several_settings_says_which_is_its_best():
    records = [
        record("vae", value, seed=seed, options={"lr": lr}) for lr, value in ((1, 5.0), (2, 9.0)) for seed in (0, 1)
    ]
    text = site([*records, record("gan", 3.0)])["model-vae.html"]
    assert "</b>, the best of its 2 settings, has rank 2 of 3" in text
