"""`genharness publish` and `merge` as users meet them."""

import errno
import json
import shutil

import pytest

from board_records import record
from genharness.cli import publish
from genharness.errors import RunError
from genharness.results.decisions import KeptDecisions, load_decisions, save_decisions
from genharness.results.published import INDEX, write_index
from genharness.results.store import Store
from genharness.stats.sequential import Decisions, SeedPlan
from report_pages import studied, with_pictures


@pytest.fixture
def results(tmp_path):
    records = studied()
    for one in records:
        one.environment = {"hostname": "mine", "cpu": "x"}
    records[0].history.losses = {"step": list(range(1, 501)), "loss": [1.0] * 500}
    store = Store(with_pictures(tmp_path / "results", records))
    store.open_for_writing()
    for one in records:
        store.save(one)
    return store.folder


def test_what_is_published_is_a_results_folder_that_merges_to_the_same_table(genharness, results, tmp_path):
    done = genharness("publish", results, "--to", tmp_path / "given")
    assert done.stdout.startswith(f"{tmp_path}/given: 17 records, 64 pictures, ")
    ours, theirs = (
        genharness("leaderboard", place, "--format", "csv").stdout for place in (results, tmp_path / "given")
    )
    assert ours == theirs
    assert (tmp_path / "given" / "report.html").read_text().startswith("<!doctype html>")
    texts = [path.read_text() for path in (tmp_path / "given" / "records").iterdir()]
    assert not any("hostname" in text for text in texts)
    assert max(len(json.loads(text)["history"]["losses"].get("loss", ())) for text in texts) == 60
    arrays = {path.name for path in (tmp_path / "given").rglob("*.npz")}
    assert arrays == {"latents.npz"}  # the map that the report draws; no features and no samples
    merged = genharness("merge", tmp_path / "given", "--to", tmp_path / "all")
    assert merged.stdout == f"{tmp_path}/given: 17 records added, 0 were there already\n"
    assert genharness("leaderboard", tmp_path / "all", "--format", "csv").stdout == ours
    again = genharness("merge", tmp_path / "given", "--to", tmp_path / "all")
    assert "0 records added, 17 were there already" in again.stdout


def test_cells_of_files_whose_names_are_not_ascii_are_published_and_merged(genharness, tmp_path):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    store.save(record("generator:/x/caf\N{LATIN SMALL LETTER E WITH ACUTE}-\u4eba.onnx", 1.0))
    genharness("publish", store.folder, "--to", tmp_path / "given")
    merged = genharness("merge", tmp_path / "given", "--to", tmp_path / "all")
    assert merged.stdout.endswith("given: 1 record added, 0 were there already\n")


@pytest.mark.parametrize(
    ("pictures", "kinds"), [("grid", {"grid"}), (" grid, strip", {"grid", "strip"}), ("none", set())]
)
def test_only_the_pictures_that_are_asked_for_are_copied(genharness, results, tmp_path, pictures, kinds):
    genharness("publish", results, "--to", tmp_path / "all")
    done = genharness("publish", results, "--to", tmp_path / "few", "--pictures", pictures)
    found = list((tmp_path / "few").rglob("*.png"))
    assert {path.stem for path in found} == kinds
    assert len(found) == sum(path.stem in kinds for path in (tmp_path / "all").rglob("*.png"))
    assert f" {len(found)} pictures, " in done.stdout
    genharness("merge", tmp_path / "few", "--to", tmp_path / "merged")


@pytest.mark.parametrize("pictures", ["grids", "", "grid,", "all,none"])
def test_unknown_pictures_are_told_before_anything_is_written(genharness, results, tmp_path, pictures):
    done = genharness("publish", results, "--to", tmp_path / "given", "--pictures", pictures)
    assert done.returncode == 2
    assert done.stderr.startswith("error: --pictures names ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "given").exists()


def test_nothing_is_merged_of_a_folder_that_was_changed(genharness, results, tmp_path):
    genharness("publish", results, "--to", tmp_path / "given")
    one = next((tmp_path / "given" / "records").iterdir())
    one.write_text(one.read_text().replace('"fid":11.0', '"fid":1.0') + " ")
    done = genharness("merge", tmp_path / "given", "--to", tmp_path / "all")
    assert done.returncode == 2
    assert "is not what its index says (SHA-256): get it again" in done.stderr
    assert not (tmp_path / "all").exists()


def test_a_disk_that_is_full_under_a_merge_is_one_line_and_it_goes_on_afterwards(
    genharness, results, tmp_path, monkeypatch
):
    genharness("publish", results, "--to", tmp_path / "given")
    write, written = publish.write_bytes, []

    def fill(path, content):
        written.append(path)
        if len(written) > 30:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, content)

    monkeypatch.setattr(publish, "write_bytes", fill)
    with pytest.raises(RunError, match=r"cannot write .*all \(No space left on device\): mend that"):
        publish.merge.callback((tmp_path / "given",), tmp_path / "all")
    monkeypatch.undo()
    publish.merge.callback((tmp_path / "given",), tmp_path / "all")
    assert len(list((tmp_path / "all" / "records").glob("*.json"))) == 17


def test_a_record_that_is_there_stays_as_it_is(genharness, results, tmp_path):
    genharness("publish", results, "--to", tmp_path / "given")
    store = Store(tmp_path / "all")
    store.open_for_writing()
    mine = record("vae", 99.0)
    store.save(mine)
    done = genharness("merge", tmp_path / "given", "--to", tmp_path / "all")
    assert f"16 records added, 1 was there already, 1 of them with other scores, which stay: {mine.cell.id}\n" in (
        done.stdout
    )
    assert store.load(mine.cell.id).scores["fid"] == 99.0


@pytest.mark.parametrize("first", ["ours", "theirs"])
@pytest.mark.parametrize("at", ["1970-01-01T00:00:00+00:00", "2100-01-01T00:00:00+00:00"])
def test_of_a_cell_that_finished_on_one_of_two_machines_the_finished_one_is_kept_in_whatever_order(
    tmp_path, capsys, first, at
):
    for name, status in (("ours", "failed"), ("theirs", "ok")):
        store = Store(tmp_path / name)
        store.open_for_writing()
        one = record("vae", 7.0)
        one.end(status)
        one.finished_at = at if name == "ours" else "2026-01-01T00:00:00+00:00"
        store.save(one)
        publish.publish.callback(store.folder, tmp_path / f"given-{name}", "none")
    order = [tmp_path / f"given-{name}" for name in ("ours", "theirs")]
    capsys.readouterr()
    publish.merge.callback(tuple(order if first == "ours" else order[::-1]), tmp_path / "all")
    assert Store(tmp_path / "all").load(one.cell.id).scores["fid"] == 7.0
    replaced = f"1 record added (1 in the place of one that did not finish: {one.cell.id}), 0 were there already"
    assert (replaced in capsys.readouterr().out) == (first == "ours")


def host(folder, name, cpu, scores):
    """Publish what a machine of its own measured: models, each with its scores by seed."""
    store = Store(folder / f"results-{name}")
    store.open_for_writing()
    for model, values in scores.items():
        for seed, value in enumerate(values):
            made = record(model, value, seed=seed)
            made.environment = {"hostname": name, "cpu": cpu}
            store.save(made)
    return store.folder


def test_results_of_two_machines_stand_in_one_table_that_says_so(genharness, tmp_path):
    """Some cells are of one machine alone, some the same on both, and of one the scores differ."""
    both = {"gan": [9.0, 9.5, 9.2]}
    hosts = [
        host(tmp_path, "north", "Xeon", {"vae": [5.0, 5.1, 5.3], **both, "ae": [20.0, 21.0, 22.0]}),
        host(tmp_path, "south", "Epyc", {"wgan": [7.0, 7.5, 7.2], **both, "ae": [20.0, 31.0, 22.0]}),
    ]
    given = [tmp_path / folder.name.replace("results", "given") for folder in hosts]
    for folder, target in zip(hosts, given, strict=True):
        assert genharness("publish", folder, "--to", target).returncode == 0
    merged = genharness("merge", *given, "--to", tmp_path / "all")
    assert merged.returncode == 0
    assert "given-north: 9 records added, 0 were there already\n" in merged.stdout
    clash = record("ae", 0.0, seed=1).cell.id
    expected = f"3 records added, 6 were there already, 1 of them with other scores, which stay: {clash}\n"
    assert expected in merged.stdout
    rows = genharness("leaderboard", tmp_path / "all", "--format", "csv").stdout.splitlines()
    assert len(rows) == 1 + 4
    table = genharness("leaderboard", tmp_path / "all").stdout.replace("\n", " ")
    assert "times and memory were measured on 2 machines (Epyc, Xeon): compare them within one" in table
    assert "21" in next(row for row in rows if ",ae," in row)  # what was there first
    pair = genharness("compare", "vae", "wgan", "--results", tmp_path / "all")
    assert pair.returncode == 0
    assert "<dt>machines</dt><dd>2</dd>" in genharness("report", tmp_path / "all", "-o", "-").stdout


def test_nothing_is_merged_where_one_of_several_holds_no_record(genharness, results, tmp_path):
    """Its index fits, so that whoever made it meant it: not even what comes before it is taken."""
    genharness("publish", results, "--to", tmp_path / "given")
    shutil.copytree(tmp_path / "given", tmp_path / "wrong")
    next((tmp_path / "wrong" / "records").iterdir()).write_text('{"schema": 4, "cell": 7}')
    write_index(tmp_path / "wrong")
    done = genharness("merge", tmp_path / "given", tmp_path / "wrong", "--to", tmp_path / "all")
    assert done.returncode == 2
    assert "is no record" in done.stderr
    assert not (tmp_path / "all").exists()


@pytest.mark.parametrize("where", ["results", "results/inside", "mine"])
def test_nothing_but_a_published_folder_is_written_over(genharness, results, tmp_path, where):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    before = sorted(tmp_path.rglob("*"))
    done = genharness("publish", results, "--to", tmp_path / where)
    assert done.returncode == 2
    assert "name another folder" in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_a_published_folder_is_replaced(genharness, results, tmp_path):
    for _ in range(2):
        assert genharness("publish", results, "--to", tmp_path / "given").returncode == 0
    assert (tmp_path / "given" / INDEX).is_file()


def undecided(folder, *, looks, limit=20):
    """A study of two rows whose five seeds a plain test would tell apart, and that looked `looks` times."""
    scores = {"vae": [10.0, 13.0, 16.0, 13.0, 13.0], "wgan": [20.0, 26.0, 33.0, 26.0, 26.0]}
    store = Store(folder)
    store.open_for_writing()
    cells = {}
    for row, values in scores.items():
        records = [record(row, value, seed=seed) for seed, value in enumerate(values)]
        cells[row] = [one.cell.id for one in records]
        for one in records:
            store.save(one)
    made = Decisions(plan=SeedPlan(rows=tuple(scores), limit=limit, ratio=True))
    for seeds in made.plan.looks[:looks]:
        made = made.after({row: values[:seeds] for row, values in scores.items()})
    kept = KeptDecisions(dataset="digits", metric="fid", title="FD", cells=cells, decisions=made)
    save_decisions(folder, kept)
    return kept


def test_what_a_study_left_open_stays_open_where_it_is_published_and_merged(genharness, tmp_path):
    undecided(tmp_path / "mine", looks=1)
    assert genharness("publish", tmp_path / "mine", "--to", tmp_path / "given").returncode == 0
    merged = genharness("merge", tmp_path / "given", "--to", tmp_path / "all")
    assert merged.stdout.endswith("10 records added, 0 were there already; the decisions of 1 study added\n")
    ours, given, theirs = (genharness("leaderboard", tmp_path / name).stdout for name in ("mine", "given", "all"))
    assert "compared in FD at the looks at 3 seeds of a study until decided" in ours.replace("\n", " ")
    assert given == ours == theirs
    again = genharness("merge", tmp_path / "given", "--to", tmp_path / "all")
    assert again.stdout.endswith("0 records added, 10 were there already\n")


@pytest.mark.parametrize(("first", "told"), [(1, "in the place of those of 1 look"), (2, "which stay")])
def test_of_one_study_the_decisions_of_more_looks_are_kept(genharness, tmp_path, first, told):
    for looks in (1, 2):
        kept = undecided(tmp_path / f"{looks}", looks=looks)
        genharness("publish", tmp_path / f"{looks}", "--to", tmp_path / f"given-{looks}")
    genharness("merge", tmp_path / f"given-{first}", "--to", tmp_path / "all")
    done = genharness("merge", tmp_path / f"given-{3 - first}", "--to", tmp_path / "all")
    assert told in done.stdout
    assert load_decisions(tmp_path / "all", kept.name).decisions.reached == 2


@pytest.mark.parametrize("change", ["content", "name", "metric"])
def test_decisions_that_are_none_or_of_another_name_are_refused_before_anything_is_written(
    genharness, tmp_path, change
):
    kept = undecided(tmp_path / "mine", looks=1)
    genharness("publish", tmp_path / "mine", "--to", tmp_path / "given")
    path = tmp_path / "given" / "decisions" / f"{kept.name}.json"
    if change == "content":
        path.write_text("{}")
    elif change == "name":
        path.rename(path.with_name("other.json"))
    else:
        path.write_text(path.read_text().replace('"metric": "fid"', '"metric": "../../fid"'))
    write_index(tmp_path / "given")
    done = genharness("merge", tmp_path / "given", "--to", tmp_path / "all")
    assert done.returncode == 2
    assert "get it again" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "all").exists()
