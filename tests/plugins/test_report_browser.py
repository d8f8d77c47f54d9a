"""The page in a browser with the network off: no request, no complaint, sorted and filtered by keyboard and mouse."""

import os
import shutil
from pathlib import Path

import pytest

from board_records import record
from report_pages import page, studied, with_pictures

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = os.environ.get("AXE_CORE", "")
"""Path of `axe.min.js` of the npm package axe-core; `.ci/run` fetches it."""

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt-get install chromium")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    records = studied()
    out = folder / "page.html"
    out.write_text(page(records, with_pictures(folder, records)))
    return out.as_uri()


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser, address):
    """Return a function that opens the page and tells what it asked for and complained of."""
    contexts = []

    def open_page(**options):
        context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True, **options)
        contexts.append(context)
        context.set_default_timeout(120_000)  # a busy machine takes more than the 30 s of Playwright to open a page
        found, told = context.new_page(), []
        found.on("console", lambda message: told.append(message.text))
        found.on("pageerror", lambda error: told.append(str(error)))
        found.on("request", lambda one: told.append(one.url) if not one.url.startswith(("data:", address)) else None)
        found.goto(address)
        return found, told

    yield open_page
    for context in contexts:
        context.close()


def models(found):
    return found.eval_on_selector_all(".board tbody tr:not([hidden])", "rows => rows.map(row => row.dataset.m)")


def test_nothing_is_asked_and_nothing_is_wrong(opened):
    found, told = opened()
    assert found.title() == "3 generative models on digits \N{EN DASH} genharness"
    assert found.evaluate("document.documentElement.scrollWidth") <= 1280
    assert told == []


def test_the_verdict_and_both_first_figures_are_on_the_first_screen(opened):
    found, _ = opened()
    for part in (".verdict", "#g1-ranking", "#g1-cost"):
        box = found.locator(part).first.bounding_box()
        assert box["y"] + box["height"] <= 800, part


def test_enter_on_a_heading_sorts_best_first_and_again_turns_round_with_missing_last(opened):
    found, told = opened()
    button = found.locator(".board thead button", has_text="FD").first
    button.focus()
    found.keyboard.press("Enter")
    assert models(found) == ["real", "vae", "gan", "dcgan", "wgan"]
    assert found.locator("#said").inner_text() == "Sorted by FD, ascending."
    found.keyboard.press("Enter")
    assert models(found) == ["dcgan", "gan", "vae", "real", "wgan"]
    assert found.locator('th[aria-sort="descending"]').count() == 1
    assert told == []


def test_the_mouse_sorts_by_name_and_the_filter_hides_rows_and_panels(opened):
    found, told = opened()
    found.locator(".board thead button", has_text="Model").click()
    assert models(found) == ["dcgan", "gan", "real", "vae", "wgan"]
    found.fill("#q", "dcgan vae")
    assert models(found) == ["dcgan", "vae"]
    assert found.locator("#g1-losses .sm:not([hidden])").count() == 2
    assert found.locator("#said").inner_text() == "2 of 5 rows shown."
    found.keyboard.press("Escape")
    assert len(models(found)) == 5
    assert told == []


def test_a_pointer_on_a_model_dims_the_others_and_a_click_keeps_it(opened):
    found, _ = opened()
    row = found.locator('.board tr[data-m="vae"]')
    row.hover()
    assert "hl" in found.evaluate("document.documentElement.className")
    assert found.locator('#g1-ranking .wide [data-m="vae"].on').count() == 1
    row.locator("td").first.click()
    found.mouse.move(5, 5)
    assert "hl" in found.evaluate("document.documentElement.className")
    found.keyboard.press("Escape")
    assert "hl" not in found.evaluate("document.documentElement.className")


def test_without_a_script_everything_stands_and_no_button_is_dead(opened):
    found, told = opened(java_script_enabled=False)
    assert found.locator(".board tbody tr").count() == 5
    assert found.locator("figure svg[role=img]").count() > 10
    assert found.locator("button:visible, input:visible").count() == 0
    assert told == []


def test_the_theme_follows_the_system_and_the_button(opened):
    found, _ = opened(color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert found.evaluate(ground) == "rgb(20, 23, 28)"
    found.click("#theme")
    assert found.inner_text("#theme") == "Theme: light"
    assert found.evaluate(ground) == "rgb(255, 255, 255)"


def test_a_phone_scrolls_down_only_and_paper_takes_few_sheets(opened, tmp_path):
    found, _ = opened()
    found.set_viewport_size({"width": 390, "height": 844})
    assert found.evaluate("document.documentElement.scrollWidth") <= 390
    assert found.locator("#g1-ranking .narrow").is_visible()
    found.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    assert 1 <= (tmp_path / "page.pdf").read_bytes().count(b"/Type /Page\n") <= 10


def test_a_table_that_goes_on_over_the_page_repeats_its_headings(opened):
    found, _ = opened()
    heading = 'getComputedStyle(document.querySelector(".board thead button")).display'
    assert found.evaluate(heading) != "contents"
    found.emulate_media(media="print")
    assert found.evaluate(heading) == "contents"  # Chromium leaves the boxes of buttons out of repeated heads


def test_no_section_begins_right_under_what_is_before_it(opened):
    found, _ = opened()
    gaps = found.evaluate("""() => [...document.querySelectorAll("#main > div > *")].slice(1).map(one => {
        const heading = one.querySelector("h2").getBoundingClientRect().top;
        return heading - one.previousElementSibling.getBoundingClientRect().bottom;
    })""")
    assert min(gaps) >= 30


@pytest.mark.skipif(not AXE, reason="AXE_CORE names no axe.min.js: npm pack axe-core, and name the file")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(opened, scheme):
    found, _ = opened(color_scheme=scheme, bypass_csp=True)
    found.evaluate(Path(AXE).read_text())
    faults = found.evaluate(
        "axe.run().then(found => found.violations.map(one => [one.id, one.impact, one.nodes[0].html]))"
    )
    assert [one for one in faults if one[1] in ("serious", "critical")] == []


CROSSED = """() => [...document.querySelectorAll("svg")].flatMap(svg => {
    const texts = [...svg.querySelectorAll("text")].map(one => [one.textContent, one.getBoundingClientRect()])
        .filter(one => one[1].width)
    return texts.flatMap(([words, a], place) => texts.slice(place + 1).filter(([, b]) =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 3 &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5).map(([other]) => `${words} | ${other}`))
})"""


@pytest.mark.parametrize("width", [1280, 390])
def test_no_words_of_a_crowded_figure_lie_on_others(browser, tmp_path, width):
    names = ["ddpm", "edm", "wgan", "mwm-wgan-gp", "stylegan2", "flow-matching", "vae", "sn-wgan-gp"]
    records = [record(name, 3.0 * 1.5**place) for place, name in enumerate(names)]
    for place, one in enumerate(records):
        close = 0.02 * place
        one.measurements |= {"train_seconds": 5.0 + close, "latency_p50_ms": 0.1 + close / 100}
        one.scores |= {"density": 0.2 + close, "coverage": close, "precision": 0.6 + close, "recall": 0.02 + close}
    (tmp_path / "page.html").write_text(page(records))
    found = browser.new_page(viewport={"width": width, "height": 844})
    found.set_default_timeout(120_000)
    found.goto((tmp_path / "page.html").as_uri())
    assert found.evaluate(CROSSED) == []
    found.close()


def test_on_a_phone_long_names_leave_room_for_numbers(browser, tmp_path):
    records = [
        record("sn-wgan-gp", 9.0 + place, options={"latent": 100 + place, "lr": 0.0002 + place, "batch_size": 128})
        for place in range(3)
    ]
    out = tmp_path / "page.html"
    out.write_text(page(records))
    context = browser.new_context(viewport={"width": 390, "height": 844}, offline=True)
    found = context.new_page()
    found.goto(out.as_uri())
    widths = found.eval_on_selector_all(".board tbody .namec", "cells => cells.map(cell => cell.offsetWidth)")
    context.close()
    assert len(widths) == 3
    assert max(widths) < 220  # the column stays where it is while the others scroll
