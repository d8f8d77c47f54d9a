"""Figures of plugins: what a page can hold is taken, everything else is refused with the reason."""

import io

import pytest
from PIL import Image

from board_records import CLOSE, FAR, seeds
from genharness.board.build import build
from genharness.errors import PluginError
from genharness.figures.given import MOST_BYTES, ReportFigure, checked_figures, figures_of_plugins
from genharness.plugin.registry import Registry, load_registry
from genharness.spec.plugins import FigureSpec

SPEC = FigureSpec(name="mine", summary="Mine", factory="test_given:draw")
SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'
BOMB = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>'


def figure(**parts):
    return ReportFigure(**{"title": "T", "caption": "C", "svg": SVG, **parts})


def png(side=4):
    content = io.BytesIO()
    Image.new("L", (side, side)).save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize("parts", [{}, {"svg": "", "png": png()}, {"svg": "", "heads": ("a",), "rows": [(1.0,)]}])
def test_a_sound_figure_is_taken(parts):
    assert checked_figures(SPEC, [figure(**parts)]) == [figure(**parts)]


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"title": " "}, "title and a caption"),
        ({"png": png()}, "not both"),
        ({"svg": ""}, "a drawing or numbers"),
        ({"svg": "<svg"}, "is no XML"),
        ({"svg": "<html/>"}, "begins with <html>"),
        ({"svg": BOMB}, "document type"),
        ({"svg": f"<svg>{'a' * MOST_BYTES}</svg>"}, "bytes"),
        ({"svg": "", "png": b"GIF89a"}, "no PNG"),
        ({"svg": "", "png": png(2001)}, "pixels"),
        ({"heads": ("a", "b"), "rows": [(1.0,)]}, "as long as its heads"),
    ],
)
def test_what_a_page_cannot_hold_is_refused(parts, reason):
    with pytest.raises(PluginError, match=reason):
        checked_figures(SPEC, [figure(**parts)])


@pytest.mark.parametrize("given", [None, "text", [SVG], figure()])
def test_what_is_no_figure_is_refused(given):
    with pytest.raises(PluginError, match="must give a sequence"):
        checked_figures(SPEC, given)


def test_one_that_breaks_is_a_line_and_costs_no_other(monkeypatch):
    registry = Registry()
    provider = load_registry().models.provider("vae")
    for name in ("broken", "sound"):
        registry.figures.add(FigureSpec(name=name, summary=name, factory=f"nowhere:{name}"), provider)

    def load(spec):
        def draw(group, folder, config):
            if spec.name == "broken":
                raise SystemExit("no\nink")
            return [figure(title=group.dataset)]

        return draw

    monkeypatch.setattr("genharness.figures.given.load_factory", load)
    (group,) = build([*seeds("vae", CLOSE), *seeds("gan", FAR)], load_registry()).groups
    broken, sound = figures_of_plugins(group, None, registry)
    assert broken == "figure broken: SystemExit: no ink"
    assert sound.title == "digits"
