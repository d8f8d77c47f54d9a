"""Pages of many rows: seconds of the processor and bytes, of 100 cells with curves, 1,000 rows, 10,000 records.

There is no peer that makes such a page; the limits are 2 s and 1.2 MB for 100 cells, 10 s and 5 MB for 10,000 records.
Where Chromium is, the page is opened too, with limits for 1,000 rows: drawn within 1.5 s, drawn sorted within 1 s.
CPU seconds stand, because a busy machine stretches the wall clock's; in the browser those of the page's process.

    pytest benchmarks/bench_report.py -s
"""

import random
import shutil
import time

import pytest

from genharness.board.build import build
from genharness.board.render import RenderOptions
from genharness.files.gc_pause import no_collection
from genharness.plugin.registry import load_factory, load_registry
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record

SCORES = ("precision", "recall", "density", "coverage", "clipped_density", "clipped_coverage", "kid", "modes_covered")


def records(models, seeds, *, curves, settings=1):
    """Return the records of variants of one model in so many settings, with scores, costs and curves of real ones."""
    draw, protocol = random.Random(0), Protocol(extractor="classifier", sample_count=500)
    for model in range(models):
        for seed in range(seeds):
            cell = Cell(
                model="vae",
                dataset="digits",
                seed=seed,
                budget="smoke",
                length="400steps",
                protocol=protocol,
                options={"lr": model} if settings == 1 else {"lr": model // 5, "latent": model % 5},
            )
            made = Record(cell=cell, status="ok", protocol=protocol.as_plain(), protocol_hash=protocol.hash)
            made.scores = {
                "fid": 10 * (1 + model / 50) * draw.uniform(0.9, 1.1),
                **{key: draw.random() for key in SCORES},
            }
            made.measurements = {"train_seconds": 10 + draw.random(), "latency_p50_ms": draw.random()}
            if curves:
                made.history.losses = {"step": list(range(10, 1000, 10)), "loss": [draw.random() for _ in range(99)]}
            yield made


DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
"""Milliseconds since the page was asked for, once what was changed last is on the screen."""


@pytest.fixture(scope="module")
def browser():
    """Chromium, or None where it or Playwright is missing."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        yield None
        return
    with pytest.importorskip("playwright.sync_api").sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


def opened_and_sorted(browser, address):
    """Return the seconds until a page is drawn and those until it is sorted: of the processor, and of the clock."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(120_000)
    page.goto(address)
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable")

    def processor_seconds():
        found = tools.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in found if one["name"] == "ProcessTime")

    drawn = page.evaluate(DRAWN) / 1000
    loaded = processor_seconds()  # the process is the page's own, so this is all of its life
    page.locator(".board thead button", has_text="Model").first.focus()
    before = processor_seconds()
    clicked = page.evaluate("() => { const t = performance.now(); document.activeElement.click(); return t }") / 1000
    sorted_at = page.evaluate(DRAWN) / 1000
    spent = processor_seconds() - before
    page.close()
    return loaded, drawn, spent, sorted_at - clicked


@pytest.mark.parametrize(("models", "seeds", "settings"), [(50, 2, 1), (50, 2, 2), (1000, 1, 1), (1000, 10, 1)])
def test_a_page_of_many_rows(models, seeds, settings, browser, tmp_path):
    """Rows of several settings have a forest that weighs them: whoever runs such a case first imports scikit-learn."""
    made, registry = list(records(models, seeds, curves=seeds < 10, settings=settings)), load_registry()
    start = time.process_time()
    with no_collection():
        board = build(made, registry)
        text = load_factory(registry.reporters["report"])(board, RenderOptions())
    seconds = time.process_time() - start
    what = f"{len(made):,} records in {models:,} rows, {settings} varied"
    print(f"\n{what}: {seconds:.1f} s of CPU, {len(text.encode()) / 1e6:.2f} MB")
    assert text.count("<tr data-m=") == models
    if browser:
        (tmp_path / "page.html").write_text(text)
        found = opened_and_sorted(browser, (tmp_path / "page.html").as_uri())
        print("opened in {:.2f} s of CPU ({:.2f} s), sorted in {:.2f} s of CPU ({:.2f} s)".format(*found))
