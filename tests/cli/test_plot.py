"""`genharness plot` as a user meets it."""

import pytest

from genharness.results.store import Store
from report_pages import studied


@pytest.fixture
def results(tmp_path):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    for one in studied():
        store.save(one)
    return store.folder


def test_a_figure_is_written_where_it_was_asked_for(genharness, results, tmp_path):
    done = genharness("plot", "ranking", results, "-o", tmp_path / "ranking.pdf")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}/ranking.pdf\n")
    assert (tmp_path / "ranking.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rankin"], "no figure 'rankin'; did you mean 'ranking'"),
        (["ranking", "-o", "x.jpg"], "x.jpg: a figure ends in .svg, .pdf, .png"),
        (["samples"], "no samples of digits are kept in"),
        (["ranking", "--protocol", "nothing"], "is finished and of that dataset and protocol"),
    ],
)
def test_mistakes_are_one_line(genharness, results, arguments, message):
    done = genharness("plot", arguments[0], results, *arguments[1:])
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
