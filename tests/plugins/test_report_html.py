"""The page: valid, self-contained, and with others' text as text only."""

import base64
import hashlib
import html
import re
import shlex
import warnings
from html.parser import HTMLParser
from itertools import pairwise

import html5lib
import numpy as np
import pytest

from board_records import CLOSE, FAR, record, seeds
from genharness.figures.given import ReportFigure
from genharness.figures.numbers import DASH, MINUS
from genharness.figures.placement import Box, place_labels
from genharness.study.reading import read_suite
from genharness_report_html.sprites import is_lossy, sprite
from report_pages import page, studied, swept, with_pictures

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)>",
    "]]></style></script><b>",
    "{{7*7}}{% raw %}",
    "=cmd|' /C calc'!A0",
    "\\input{x} $&%_^~#",
    "\x1b[31mred\x1b]8;;http://x\x07",
    "\u202eevil\u2066\u200b",
    "javascript:alert(1)",
    "a" * 5000,
)


class Reader(HTMLParser):
    """Elements, attributes and text of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *one) for one in attrs]

    handle_startendtag = handle_starttag

    def handle_data(self, data):
        self.text.append(data)


def read(text):
    reader = Reader()
    reader.feed(text)
    return reader


def assert_valid(text):
    parser = html5lib.HTMLParser(strict=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parser.parse(text)
    assert [(place, code) for place, code, _ in parser.errors] == []


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    records = studied()
    folder = with_pictures(tmp_path_factory.mktemp("results"), records)
    return page(records, folder)


def test_a_whole_page_is_valid_html(whole):
    assert_valid(whole)


def test_every_section_stands_and_every_link_leads_somewhere(whole):
    reader = read(whole)
    ids = [value for _, name, value in reader.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    parts = {name.partition("-")[2] for name in ids if name.startswith("g1-")}
    assert parts >= {"ranking", "cost", "board", "pairs", "fidelity", "coverage", "latency", "curves", "losses"}
    assert parts >= {"classes", "map", "on-demand", "rebuilt", "samples", "strips", "nearest", "failures", "protocol"}
    links = {value[1:] for tag, name, value in reader.attributes if name == "href" and value.startswith("#")}
    assert links <= set(ids)


def test_scores_that_do_not_rank_and_losses_of_held_out_samples_have_curves_too(whole):
    assert 'id="g1-curves-ssim"' in whole
    assert "loss of held-out samples to 2.25" in whole


def test_codes_of_models_that_encode_stand_in_their_prior(whole):
    assert whole.count("latent codes and the prior") == 1
    assert "72 codes, 1 ellipse" in whole


def test_headings_go_down_one_at_a_time(whole):
    levels = [int(tag[1]) for tag in read(whole).tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_nothing_is_asked_of_any_network_and_the_policy_says_so(whole):
    reader = read(whole)
    addresses = [value for _, name, value in reader.attributes if name in ("src", "href", "action", "data", "poster")]
    assert all(value.startswith(("#", "data:")) for value in addresses)
    assert not [one for one in reader.attributes if one[1].startswith("on") or one[1] in ("style", "srcdoc")]
    (policy,) = [value for _, name, value in reader.attributes if name == "content" and "default-src" in value]
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", whole, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "url(" not in whole
    assert "@import" not in whole


def test_the_script_is_small(whole):
    assert len(re.findall(r"<script>(.*?)</script>", whole, re.DOTALL)[0]) < 10_000


def test_every_drawing_says_what_it_shows(whole):
    drawings = re.findall(r'<svg[^>]*role="img"[^>]*aria-labelledby="(\w+) (\w+)"', whole)
    assert len(drawings) > 10
    for title, finding in drawings:
        assert re.search(rf'<title id="{title}">[^<]+</title>', whole)
        assert re.search(rf'<desc id="{finding}">[^<]+</desc>', whole)


def test_the_numbers_of_the_page_are_those_of_the_records(whole):
    text = " ".join(read(whole).text)
    assert "vae" in text
    assert "11.0 ± 0.8" in text  # mean 11, standard deviation 0.79 of 10, 11, 12, 10.5, 11.5
    assert "31.0 ± 0.8" in text
    assert "2 of 3 pairs can be told apart" in text


def test_without_folders_the_page_leaves_out_what_they_would_show():
    found = read(page(studied()))
    ids = {value for _, name, value in found.attributes if name == "id"}
    assert "g1-curves" in ids
    assert not ids & {"g1-samples", "g1-classes", "g1-map", "g1-strips"}
    assert "img" not in found.tags


@pytest.mark.parametrize("form", ["report", "html"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_others_text_is_text(text, form):
    records = studied()
    plain = set(read(page(studied(), form=form)).tags)
    lost = record(text, None, status="failed", reason=text, options={text: text}, seed=9)
    told = [record("edm", 5.0, options={"name": one}) for one in (text, "b")]
    other = record("ae", 5.0, dataset=text)
    other.history.losses = {"step": [1, 2], text: [1.0, 2.0]}
    records[0].failed = {text: text}
    found = page([*records, lost, *told, other], form=form)
    assert_valid(found) if form == "report" else None
    reader = read(found)
    assert set(reader.tags) <= plain | {"ul", "li", "h4"}
    assert not [one for one in reader.attributes if one[1].startswith("on")]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", found)
    shown = "".join(reader.text)
    start = text[:8].encode("unicode_escape").decode() if not text[:8].isprintable() else text[:8]
    assert start in shown


def test_a_group_of_failures_alone_is_a_page_too():
    found = page([record("vae", None, status="failed", reason="no")])
    assert_valid(found)
    assert "Nothing finished on digits: 1 cell failed." in found


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([0], (0,)),
        ([0, 1, 2], (0, 1, 2)),
        ([0, 7], (0, 7)),
        ([2], (0, 1, 2)),
    ],
    ids=str,
)
def test_the_command_that_repeats_it_reads_as_a_study_of_these_cells(given, wanted):
    records = [record(model, 1.0, seed=seed) for model in ("vae", "real") for seed in given]
    (found,) = repeating(page(records))
    assert (found.models, found.datasets) == (("vae", "real"), ("digits",))
    assert (found.seeds, found.budget) == (wanted, ("smoke",))
    assert (found.features, found.samples) == ("classifier", 10)


def test_cells_of_two_budgets_are_repeated_by_two_commands():
    records = [record("vae", 1.0), record("gan", 2.0, budget="20epochs")]
    assert [(one.models, one.budget) for one in repeating(page(records))] == [
        (("vae",), ("smoke",)),
        (("gan",), ("20epochs",)),
    ]


def test_a_name_of_others_is_one_word_of_the_command_that_repeats_it():
    (words,) = commands(page([record("vae; touch x", 1.0)]))
    assert words[words.index("--models") + 1] == "vae; touch x"


def commands(text):
    """Return the words of every command that the page says repeats it, as a shell takes them."""
    (block,) = re.findall(r'id="g1-repeat".*?<pre><code>(.*?)</code>', text, re.DOTALL)
    lines = html.unescape(block).replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines]


def repeating(text):
    """Return the study that each of these commands asks for."""
    studies = []
    for program, command, *words in commands(text):
        assert (program, command) == ("genharness", "run")
        study, mistakes = read_suite(None, {key[2:]: value for key, value in zip(words[::2], words[1::2], strict=True)})
        assert mistakes == []
        studies.append(study)
    return studies


def test_several_datasets_have_a_part_each():
    found = page([record("vae", 1.0), record("vae", 2.0, dataset="mnist"), record("gan", 2.0, dataset="mnist")])
    assert_valid(found)
    assert {"g1-board", "g2-board"} <= {value for _, name, value in read(found).attributes if name == "id"}


def test_many_rows_are_listed_and_the_best_drawn():
    records = [record("vae", 1.0 + place, options={"lr": place}) for place in range(80)]
    found = page(records)
    assert_valid(found)
    assert found.count("<tr data-m=") == 80
    assert "The best 20 of 80" in found


def test_the_table_for_a_page_of_ones_own_has_no_style_and_marks_the_best():
    found = page([*seeds("vae", CLOSE), *seeds("dcgan", FAR)], form="html")
    assert set(read(found).tags) <= {"table", "caption", "thead", "tbody", "tr", "th", "td", "strong", "ul", "li"}
    assert "<strong>11.00 ± 0.79</strong>" in found


def as_table(text):
    """Return the cells of each line of a table."""
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in re.findall(r"<tr>(.*?)</tr>", text)]


def test_that_table_has_the_numbers_errors_signs_and_bands_of_the_other_formats():
    scores = [{"kid": -0.88, "modes_covered": 2.0}, {"kid": 13.49, "modes_covered": 3.0}]
    records = [record("real", 1.5, scores=scores[0]), record("vae", 11.0, scores=scores[1]), record("gan", 0.5)]
    for one in records:
        one.errors = {"fid": 0.25}
    records[0].bands = {
        "fid": {"low": 1.0, "high": 2.0, "draws": 40, "count": 10},
        "kid": {"low": -5.97, "high": 5.33, "draws": 40, "count": 10},
    }
    found = page(records, form="html", columns=("fid", "kid", "modes_covered"))
    heads, *lines = as_table(found)
    assert heads == ["Model", "Seeds", "FD ↓", "KD ↓", "Modes ↑"]
    assert {line[0]: line[2:] for line in lines} == {
        "gan": ["0.50 (±0.25) !", DASH, DASH],
        "real": ["1.50 (±0.25) ≈", f"{MINUS}0.88 ≈", "2"],
        "vae": ["11.00 (±0.25)", "13.49", "3"],
        "real band": [f"1.00{DASH}2.00", f"{MINUS}5.97 to 5.33", ""],
    }
    assert found.count("<li>(±) is the standard error of evaluating") == 1


def test_that_table_has_the_settings_that_were_asked_for():
    few = [record("vae", 1.0, options={"lr": 0.1, "latent": 2}), record("vae", 2.0, options={"lr": 0.2, "latent": 2})]
    heads, *lines = as_table(page([*few, record("gan", 3.0)], form="html", columns=("lr", "latent", "fid")))
    assert heads[:3] == ["Model", "lr", "latent"]
    assert [line[1:3] for line in lines] == [["0.1", "2"], ["0.2", "2"], ["", ""]]


def test_tiles_become_one_picture_that_is_the_same_pixels(tmp_path):
    import io

    from PIL import Image

    tiles = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1), dtype=np.uint8)
    assert not is_lossy(tiles)
    data = base64.b64decode(re.search(r"base64,([^\"]+)", sprite(tiles, 3, "x"))[1])
    picture = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    assert picture.shape == (17, 26, 4)
    for place, tile in enumerate(tiles):
        top, left = place // 3 * 9, place % 3 * 9
        shown = picture[top : top + 8, left : left + 8]
        assert np.abs(shown[..., 0].astype(int) - tile[..., 0]).max() <= 255 / 28 + 1
        assert (shown[..., 3] == 255).all()
    assert (picture[8, :, 3] == 0).all()


def test_colour_is_kept_with_little_loss_and_large_pictures_are_reduced():
    tiles = np.full((2, 96, 96, 3), (200, 30, 60), np.uint8)
    found = sprite(tiles, 2, "x")
    assert is_lossy(tiles)
    assert 'width="129" height="64"' in found
    assert len(found) < 3000


def test_names_stand_on_no_mark_and_on_no_other_name():
    rng = np.random.default_rng(1)
    for _ in range(20):
        marks = [(float(x), float(y)) for x, y in rng.uniform(40, 500, (8, 2))]
        widths = [60.0] * 8
        area = Box(0, 0, 600, 600)
        labels = place_labels(marks, widths, [], area)
        boxes = []
        for label, width in zip(labels, widths, strict=True):
            left = label.x - {"start": 0, "middle": width / 2, "end": width}[label.anchor]
            boxes.append(Box(left, label.y - 10, left + width, label.y + 2))
        assert not any(a.overlap(b) for place, a in enumerate(boxes) for b in boxes[:place])
        assert all(area.holds(box) for box in boxes)


def test_classes_asked_for_are_drawn_against_those_recognised():
    records = seeds("acgan", CLOSE[:3])
    for one in records:
        one.confusion = [[8, 2], [0, 10]]
    text = page(records)
    assert_valid(text)
    assert "recognised as asked: 0 80%; 1 100%" in text
    assert 'fill-opacity="0.20"' in text


def test_figures_of_plugins_stand_there_as_pictures_with_their_numbers(monkeypatch):
    hostile = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><image href="http://x/"/></svg>'
    rows = [("</table>", None), ("a", 0.1)]
    figure = ReportFigure(title="<u>Mine", caption="How \u202e", svg=hostile, heads=("<i>", "n"), rows=rows)
    where = "genharness_report_html.sections.given.figures_of_plugins"
    monkeypatch.setattr(where, lambda *_: iter([figure, "figure x: <u>broke"]))
    text = page(seeds("vae", CLOSE))
    assert_valid(text)
    reader = read(text)
    assert "alert(1)" not in text
    assert not {"i", "u"} & set(reader.tags)
    assert "<u>Mine" in reader.text
    assert "figure x: <u>broke" in reader.text
    sources = [value for tag, name, value in reader.attributes if (tag, name) == ("img", "src")]
    assert [base64.b64decode(one.partition(",")[2]).decode() for one in sources if "svg+xml" in one] == [hostile]


def test_sweeps_and_ablations_have_figures_of_their_own():
    text = page(swept())
    words = " ".join(read(text).text)
    for title in (
        "vae over lr and latent",
        "vae, setting by setting",
        "What moves FD of vae",
        "Single changes of dcgan",
    ):
        assert title in words
    assert "best 2.66 at lr 0.0001 and latent 2" in words
    assert "optimizer: adam -> sgd" in words
    assert text.count('class="hm"') == 9
    assert "setting by setting" not in " ".join(read(page(studied())).text)


def test_names_and_values_of_settings_are_text_and_nothing_else():
    odd = [record("vae", 1.0 + place, options={HOSTILE[0]: place % 2, "b": HOSTILE[place]}) for place in range(6)]
    reader = read(page(odd))
    assert reader.tags.count("script") == 1
    assert not [one for one in reader.attributes if one[1].startswith("on") or one[1] == "style"]


@pytest.mark.parametrize("form", ["report", "html"])
def test_a_mean_of_counts_has_a_decimal_where_seeds_differ_and_is_whole_where_they_do_not(form):
    counts = {"vae": [10, 10, 10, 10, 9], "dcgan": [1, 9, 1, 9, 1], "gan": [9, 1, 9, 1, 9], "wgan": [10] * 5}
    records = [
        record(model, 1.0 + seed, seed=seed, scores={"modes_covered": count})
        for model, found in counts.items()
        for seed, count in enumerate(found)
    ]
    shown = re.sub(r"<[^>]+>", " ", page(records, form=form, columns=("fid", "modes_covered")))
    assert re.search(r"\b9\.8\s+±\s+0\.4\b", shown)
    assert not re.search(r"\b10\.0\b", shown)
