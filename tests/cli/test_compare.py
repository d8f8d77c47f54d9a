"""`genharness compare`: what it prints and how it refuses."""

import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner

from genharness.cli.compare import compare
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import SCHEMA_VERSION, Record


def save(store, model, base, protocol):
    for seed in range(4):
        cell = Cell(model=model, dataset="digits", seed=seed, budget="smoke", length="1steps", protocol=protocol)
        measured = {"protocol": protocol.as_plain(), "protocol_hash": protocol.hash}
        store.save(Record(cell=cell, status="ok", scores={"fid": base + seed}, **measured))


@pytest.fixture
def results(tmp_path):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    for model, base in (("vae", 10.0), ("dcgan", 20.0)):
        save(store, model, base, Protocol(extractor="classifier", sample_count=10))
    return store.folder


def test_the_table_says_in_words_which_row_is_better(genharness, results):
    done = genharness("compare", "vae", "dcgan")
    assert done.returncode == 0, done.stderr
    assert "vae is better than dcgan: ratio 0.5" in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 100


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_number_and_no_name_is_cut(results, width):
    store = Store(results)
    protocol = Protocol(extractor="classifier", sample_count=10)
    options = {"diffaugment": ["colour", "translation", "cutout"]}
    for seed in range(4):
        for more in ({}, options):
            cell = Cell(model="gan", dataset="digits", seed=seed, budget="b", length="1steps", protocol=protocol)
            cell = replace(cell, options={"diffaugment": [], **more})
            measured = {"protocol": protocol.as_plain(), "protocol_hash": protocol.hash}
            store.save(Record(cell=cell, status="ok", scores={"fid": 1e5 + seed**3 + len(more)}, **measured))
    names = ["vae", "gan diffaugment=colour,translation,cutout"]
    told = ["--results", str(results), "--metric", "fid"]
    said = CliRunner(env={"COLUMNS": str(width)}).invoke(compare, [*names, *told]).output.split("corrected for")[0]
    (pair,) = json.loads(CliRunner().invoke(compare, [*names, *told, "--format", "json"]).output)[0]["metrics"][0][
        "pairs"
    ]
    assert "…" not in said
    assert max(map(len, said.splitlines())) <= width
    numbers = [f"{pair[key]:.4g}" for key in ("ratio", "ratio_low", "ratio_high")]
    numbers += [f"{pair[key]:.2g}" for key in ("p", "p_corrected")]
    assert set(numbers) <= set(re.split(r"[\s\[\],]+", said))
    assert "diffaugment=colour,translation,cutout" in re.sub(r"\s", "", said)


def test_where_logarithms_are_tested_the_table_shows_the_ratio_and_its_interval(genharness, results):
    """The interval of the difference could hold zero beside a p below 5 %, or not hold it beside one above."""
    lines = genharness("compare", "vae", "dcgan", "--metric", "fid").stdout.splitlines()
    assert any("Ratio A / B [95 %]" in line for line in lines)
    (pair,) = (
        json.loads(genharness("compare", "vae", "dcgan", "--metric", "fid", "--format", "json").stdout)[0]["metrics"][0]
    )["pairs"]
    shown = f"{pair['ratio']:.4g} [{pair['ratio_low']:.4g}, {pair['ratio_high']:.4g}]"
    assert any(shown in line for line in lines)


def test_json_holds_the_scores_and_the_verdict(genharness, results):
    done = genharness("compare", "vae", "dcgan", "--metric", "fid", "--format", "json")
    (found,) = json.loads(done.stdout)
    (metric,) = found["metrics"]
    assert metric["scores"]["vae"] == {"0": 10.0, "1": 11.0, "2": 12.0, "3": 13.0}
    (pair,) = metric["pairs"]
    assert (pair["verdict"], pair["paired"], pair["n"]) == ("better", False, [4, 4])


def test_a_mistake_is_one_line_and_exit_code_two(genharness, results):
    done = genharness("compare", "vea", "dcgan")
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["error: no row 'vea' in results; did you mean 'vae'?"]


def test_one_row_is_refused_in_one_line(genharness, results):
    done = genharness("compare", "vae")
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["error: comparing takes two rows, and only 'vae' was named: name another"]


def test_rows_of_different_protocols_are_refused_with_the_difference_named(genharness, results):
    save(Store(results), "wgan", 15.0, Protocol(extractor="inception", sample_count=20))
    done = genharness("compare", "vae", "wgan")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "different protocols on digits" in line
    assert "extractor classifier against inception" in line
    assert "sample_count 10 against 20" in line.replace(" count", "_count")


def test_a_record_of_a_schema_that_is_not_read_is_named_with_what_to_do_and_takes_no_other_down(genharness, results):
    path = next((results / "records").iterdir())
    path.write_text(path.read_text().replace(f'"schema": {SCHEMA_VERSION}', '"schema": 0'))
    done = genharness("leaderboard")
    told = f"{path.name} has schema 0, older than this genharness reads (1 and newer)"
    assert done.returncode == 0
    assert told in done.stderr
    assert "move the file away" in done.stderr
    assert path.exists()
    for other in (results / "records").iterdir():
        other.write_text(other.read_text().replace(f'"schema": {SCHEMA_VERSION}', '"schema": 0'))
    for command in (["compare", "vae", "dcgan"], ["leaderboard"]):
        done = genharness(*command)
        assert done.returncode == 2
        assert "has schema 0, older than this genharness reads" in done.stderr


def test_beyond_a_page_the_surest_differences_are_shown_and_the_others_counted(genharness, tmp_path):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    names = ("gan", "dcgan", "deep-dcgan", "wgan", "wgan-gp", "sngan", "ae", "vae", "beta-vae")
    for place, model in enumerate(names):  # the first differs from all, the others among themselves hardly
        save(store, model, 100.0 if place == 0 else 10.0 + 0.1 * place, Protocol(extractor="c", sample_count=10))
    done = genharness("compare", *names, "--metric", "fid")
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "8 of 36 pairs differ; the 30 with the smallest p are shown: name fewer rows for sentences" in words
    assert "is better than" not in words
    assert sum(line.strip().startswith("gan - ") for line in done.stdout.splitlines()) == 8
    every = json.loads(genharness("compare", *names, "--metric", "fid", "--format", "json").stdout)
    assert len(every[0]["metrics"][0]["pairs"]) == 36
