"""`genharness report` as a user meets it."""

import re
import subprocess
import sys

import pytest

from board_records import CLOSE, FAR, record, seeds
from genharness.results.store import Store


@pytest.fixture
def results(tmp_path):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    for one in [*seeds("vae", CLOSE), *seeds("dcgan", FAR), record("real", 1.0)]:
        store.save(one)
    return store.folder


def test_one_page_with_the_verdict_and_the_table(genharness, results, tmp_path):
    done = genharness("report", results, "-o", tmp_path / "page.html")
    assert re.fullmatch(r".*page\.html: \d+ kB\n", done.stdout)
    text = (tmp_path / "page.html").read_text()
    assert "2 generative models on digits" in text
    assert "<b><bdi>vae</bdi></b> is best on digits: FD 11.0 ± 0.8 over 5 seeds" in text
    assert 'aria-label="Leaderboard of digits"' in text


def test_the_page_goes_to_stdout_on_demand(genharness, results):
    assert genharness("report", results, "-o", "-").stdout.startswith("<!doctype html>")


def test_a_file_that_is_no_report_is_not_written_over(genharness, results, tmp_path):
    out = tmp_path / "thesis.html"
    out.write_text("<!doctype html><p>mine")
    done = genharness("report", results, "-o", out)
    assert "exists and is no report: name another page with -o" in done.stderr
    assert out.read_text().endswith("mine")
    genharness("report", results, "-o", tmp_path / "page.html")
    genharness("report", results, "-o", tmp_path / "page.html")


def test_a_folder_without_records_says_what_to_do(genharness, tmp_path):
    (tmp_path / "empty" / "records").mkdir(parents=True)
    done = genharness("report", tmp_path / "empty")
    assert "run `genharness run` first" in done.stderr


def test_the_same_results_give_the_same_bytes(genharness, results, tmp_path):
    pages = []
    for name in ("a", "b"):
        genharness("report", results, "-o", tmp_path / f"{name}.html")
        pages.append((tmp_path / f"{name}.html").read_bytes())
    assert pages[0] == pages[1]


def test_a_page_is_made_without_torch_scikit_learn_and_matplotlib(results, tmp_path):
    code = f"""
import sys
sys.argv = ['genharness', 'report', {str(results)!r}, '-o', {str(tmp_path / "page.html")!r}, '--sort', 'train_seconds']
from genharness.cli.main import main
main()
print(sorted({{'torch', 'torchvision', 'sklearn', 'matplotlib'}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_a_site_has_a_page_a_model_and_every_link_leads_to_a_page(genharness, results, tmp_path):
    site = tmp_path / "pages"
    for _ in range(2):  # the second time over the first
        done = genharness("report", results, "--site", site)
        assert "4 pages" in done.stdout
    files = {path.name for path in site.iterdir()}
    assert files == {"index.html", "data-digits.html", "model-vae.html", "model-dcgan.html"}
    for path in site.iterdir():
        links = {link for link in re.findall(r'href="([^"#]+)"', path.read_text()) if not link.startswith("data:")}
        assert links <= files
        assert len(links) >= 3
    assert "<h1>vae on digits</h1>" in (site / "model-vae.html").read_text()


def test_a_folder_with_anything_else_is_no_site(genharness, results, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.html").write_text("mine")
    done = genharness("report", results, "--site", tmp_path / "mine")
    assert "holds thesis.html, which is no report" in done.stderr
    assert (tmp_path / "mine" / "thesis.html").read_text() == "mine"
