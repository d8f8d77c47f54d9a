"""`genharness.leaderboard` and `genharness.compare`."""

import subprocess
import sys

import pytest

import genharness
from board_records import ALIKE, CLOSE, FAR, seeds
from genharness.errors import ConfigError, RunError
from genharness.results.store import Store


@pytest.fixture
def results(tmp_path):
    store = Store(tmp_path / "results", writing=True)
    store.open_for_writing()
    for record in (*seeds("vae", CLOSE), *seeds("gan", FAR), *seeds("dcgan", ALIKE)):
        store.save(record)
    return store.folder


def test_rows_have_means_deviations_and_ranks(results):
    rows = {row["model"]: row for row in genharness.leaderboard(results).rows()}
    assert rows["vae"]["fid"] == pytest.approx(sum(CLOSE) / 5)
    assert rows["vae"]["std.fid"] > 0
    assert (rows["gan"]["seeds"], rows["gan"]["ranks"]) == (5, "3")


def test_text_is_that_of_the_command(results, genharness):
    import genharness as package

    said = genharness("leaderboard", results, "--format", "md").stdout.strip()
    assert package.leaderboard(results).render("md").strip() == said


def test_verdicts_are_those_of_the_command(results):
    table = genharness.compare("vae", "gan", "dcgan", results=results)
    verdicts = {(row["a"], row["b"]): row["verdict"] for row in table.rows() if row["metric"] == "fid"}
    assert verdicts["vae", "gan"] == "better"
    assert verdicts["vae", "dcgan"] not in ("better", "worse")
    assert "vae" in str(table)


def test_columns_and_datasets_are_names_or_text(results):
    assert genharness.leaderboard(results, columns="fid", datasets="digits").rows() == (
        genharness.leaderboard(results, columns=["fid"], datasets=["digits"]).rows()
    )


def test_mistakes_are_exceptions(results, tmp_path):
    with pytest.raises(RunError):
        genharness.leaderboard(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="no results for the dataset"):
        genharness.leaderboard(results, datasets="mnist")
    with pytest.raises(ConfigError):
        genharness.compare("vae", "vea", results=results)


def test_no_torch_is_imported(results):
    script = (
        f"import sys, genharness; genharness.leaderboard({str(results)!r}).rows();"
        f"genharness.compare('vae', 'gan', results={str(results)!r}); print(*sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "torch" not in said
