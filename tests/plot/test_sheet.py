"""Plots are written as their name says, the same bytes for the same numbers, and others' text stays text."""

import resource
from contextlib import contextmanager

import matplotlib as mpl
import pytest

from genharness.errors import ConfigError
from genharness.figures.markers import Marker
from genharness.plot.sheet import FORMATS, colour_of, entitle, log_axis, look, new_sheet, panel_sheet, save, shape_of


def drawn():
    with look():
        return in_the_look()


def in_the_look():
    sheet, (axes,) = new_sheet(2, 1.5)
    entitle(axes, "$\\frac{a}{b}$ \x1b[31m <b>")
    log_axis(axes, "x", [2.0, 90.0], seconds=True)
    axes.plot([2, 90], [1, 2])
    return sheet


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_figure_gives_the_same_bytes(tmp_path, form):
    for name in "ab":
        save(drawn(), tmp_path / f"{name}{form}")
    assert (tmp_path / f"a{form}").read_bytes() == (tmp_path / f"b{form}").read_bytes()


@contextmanager
def largest_file(size):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_is_said_wherever_it_ends_and_nothing_is_left(tmp_path, form):
    sheet = drawn()
    for size in (0, 500, 1000, 1500, 2000, 2500):
        with pytest.raises(OSError, match="File too large"), largest_file(size):
            save(sheet, tmp_path / f"a{form}")
    assert not list(tmp_path.iterdir())


def test_text_is_text(tmp_path):
    save(drawn(), tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    assert "$\\frac{a}{b}$ \\x1b[31m &lt;b&gt;" in text
    assert "10\u202fs" in text


@pytest.mark.parametrize("form", FORMATS)
def test_a_letter_that_the_font_lacks_is_no_complaint(tmp_path, form):
    sheet = drawn()
    entitle(sheet.axes[0], "\N{UNICORN FACE} \u4eba")
    save(sheet, tmp_path / f"a{form}")  # a warning is an error in these tests


def test_another_end_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"a figure ends in \.svg, \.pdf, \.png"):
        save(drawn(), tmp_path / "a.jpeg")


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(ConfigError, match=r"pip install 'genharness\[plot\]'"):
        new_sheet(2, 2)


def test_panels_that_are_left_over_are_blank():
    request = type("Request", (), {"width": 5.0})()
    sheet, axes = panel_sheet(request, 5)
    assert (len(axes), len(sheet.axes)) == (5, 8)
    assert [one.axison for one in sheet.axes] == [True] * 5 + [False] * 3


def test_the_look_of_others_figures_stays_as_it_was():
    before = dict(mpl.rcParams)
    drawn()
    assert dict(mpl.rcParams) == before


def test_markers_have_their_shape_and_colour():
    assert (shape_of(Marker(None, "cross")), colour_of(Marker(None, "cross"))) == ("x", "#59616a")
    assert colour_of(Marker(0, "circle")) == "#044cb6"


def test_a_title_that_is_too_wide_shrinks_from_the_size_it_has(tmp_path):
    sheet = drawn()
    (axes, *_) = sheet.axes
    axes.set_title("n" * 10, fontsize=6)
    sheet.draw_without_rendering()
    letters = int(10.5 * axes.bbox.width / axes.title.get_window_extent().width)
    axes.set_title("n" * letters, fontsize=6)  # a twentieth too wide
    save(sheet, tmp_path / "a.svg")
    assert 5 <= axes.title.get_fontsize() < 6
