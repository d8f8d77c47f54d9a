"""`genharness evaluate` as a user meets it."""

import csv
import errno
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from sklearn.datasets import load_digits

from genharness.cells.draw import Drawn
from genharness.cells.write import write_samples
from genharness.cli.evaluate import evaluate
from genharness.cli.main import cli
from genharness.errors import ConfigError, RunError
from genharness.results import store
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record
from packed import as_folder, as_zip, encoded

IMAGES = (load_digits().images[:80] * 15.9375).astype(np.uint8)[:, None]
NOISE = np.random.default_rng(0).integers(0, 256, IMAGES.shape).astype(np.uint8)
FAST = ("--dataset", "digits", "--features", "pixels", "--metrics", "fid,prdc")


@pytest.fixture
def files(tmp_path):
    np.save(tmp_path / "good.npy", IMAGES)
    np.savez(tmp_path / "noise.npz", images=NOISE)
    return tmp_path / "good.npy", tmp_path / "noise.npz"


def invoke(*arguments, **options):
    return CliRunner().invoke(evaluate, [str(argument) for argument in arguments], **options)


def test_several_sets_make_a_leaderboard_with_the_better_one_first(files):
    found = invoke(*files, *FAST, "--format", "json")
    (group,) = json.loads(found.stdout)
    assert [row["model"] for row in group["rows"]] == ["good", "noise"]
    assert group["rows"][0]["values"]["fid"]["mean"] < group["rows"][1]["values"]["fid"]["mean"]
    assert group["protocol"]["sample_count"] == 80


@pytest.mark.parametrize(
    ("form", "check"),
    [
        ("table", lambda text: "protocol" in text and "good" in text),
        ("md", lambda text: text.startswith("### digits") and "| good |" in text),
        ("csv", lambda text: [row["model"] for row in csv.DictReader(io.StringIO(text))] == ["good", "noise"]),
    ],
)
def test_every_format_of_the_leaderboard_is_there(files, form, check):
    assert check(invoke(*files, *FAST, "--format", form).stdout)


def test_nothing_is_registered_unless_asked_for(files, tmp_path):
    assert invoke(files[0], *FAST, "--results", tmp_path / "results").exit_code == 0
    assert not (tmp_path / "results").exists()


def test_a_registered_set_stands_in_the_leaderboard(files, tmp_path):
    results = tmp_path / "results"
    done = invoke(files[0], *FAST, "--results", results, "--register", "--name", "theirs")
    assert "registered as theirs-digits-s0" in done.stderr
    (record,) = Store(results).records()
    assert (record.source, record.cell.model, record.status) == ("external", "theirs", "ok")
    shown = CliRunner().invoke(cli, ["leaderboard", str(results), "--format", "md"])
    assert "| theirs |" in shown.stdout


def test_registering_again_adds_scores_to_those_of_the_same_samples_and_labels(files, tmp_path):
    results = ("--results", tmp_path / "results", "--register")
    np.save(tmp_path / "labels.npy", np.arange(80) % 10)
    for metric, labels in (("fid", ()), ("prdc", ()), ("fid", ("--labels", tmp_path / "labels.npy"))):
        assert invoke(files[0], *FAST[:-1], metric, *labels, *results).exit_code == 0
    plain, labelled = sorted(Store(tmp_path / "results").records(), key=lambda record: len(record.cell.options))
    assert {"fid", "coverage"} <= plain.scores.keys()
    assert "fid" not in plain.skipped
    assert "fid" in labelled.scores
    assert "coverage" not in labelled.scores


def test_nothing_is_shown_or_registered_of_what_could_not_be_scored(tmp_path):
    np.save(tmp_path / "one.npy", IMAGES[:1])
    arguments = (tmp_path / "one.npy", *FAST[:-1], "fid", "--register", "--results", tmp_path / "results")
    done = invoke(*arguments, "--format", "json")
    assert isinstance(done.exception, ConfigError)
    assert done.stdout == ""
    assert list(Store(tmp_path / "results").records()) == []


def test_of_several_sets_only_those_with_scores_are_registered(files, tmp_path):
    np.save(tmp_path / "one.npy", IMAGES[:1])
    done = invoke(files[0], tmp_path / "one.npy", *FAST[:-1], "fid", "--register", "--results", tmp_path / "results")
    assert "one is not registered: nothing of it could be scored" in done.stderr
    assert [record.cell.model for record in Store(tmp_path / "results").records()] == ["good"]


def test_json_holds_what_was_converted_and_how_often(tmp_path):
    (tmp_path / "pictures").mkdir()
    for index, image in enumerate(IMAGES[:20, 0]):
        Image.fromarray(image).convert("P" if index == 3 else "L").save(tmp_path / "pictures" / f"{index:02}.png")
    (tmp_path / "pictures" / "notes.txt").write_text("about")
    found = invoke(tmp_path / "pictures", *FAST[:-1], "fid", "--format", "json")
    (row,) = json.loads(found.stdout)[0]["rows"]
    assert row["facts"]["samples_converted_palette"] == 1
    assert row["facts"]["samples_left_out"] == 1
    assert any("03.png" in note for note in row["notes"])
    assert any("notes.txt" in note for note in row["notes"])


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("", "a path is empty"),
        ("x" * 300 + ".npy", "cannot be looked at"),
        ("~nobody-of-that-name/a.npy", "cannot be looked at"),
        ("missing.npy", "does not exist"),
    ],
)
@pytest.mark.parametrize("option", [(), ("--reference",), ("--labels",)])
def test_paths_that_name_nothing_are_refused_in_one_line(files, word, message, option):
    arguments = (*option, word) if option else (word,)
    against = () if option == ("--reference",) else ("--dataset", "digits")
    done = invoke(*(files[:1] if option else ()), *arguments, *against)
    assert message in str(done.exception)
    assert len(str(done.exception).splitlines()) == 1


@pytest.mark.parametrize("option", [(), ("--reference",), ("--labels",)])
def test_a_pipe_is_refused_instead_of_waited_for(files, tmp_path, option):
    os.mkfifo(tmp_path / "pipe.npy")
    against = () if option == ("--reference",) else ("--dataset", "digits")
    done = invoke(*(files[:1] if option else ()), *option, tmp_path / "pipe.npy", *against)
    assert "is neither a file nor a folder" in str(done.exception)


def test_a_home_folder_is_found_by_its_sign(files, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    done = invoke("~/good.npy", "--reference", "~/noise.npz", *FAST[2:], "--format", "json")
    assert done.exit_code == 0, done.exception


def test_all_unusable_sets_are_named_at_once(files, tmp_path):
    (tmp_path / "text.npy").write_text("hello")
    done = invoke(files[0], tmp_path / "nope.npy", tmp_path / "also-not.npy", "--dataset", "digits")
    assert {"nope.npy", "also-not.npy"} <= {Path(line.split()[0]).name for line in str(done.exception).splitlines()}


def test_a_name_that_is_no_utf8_is_written_out(files, tmp_path):
    strange = Path(os.fsdecode(bytes(tmp_path) + b"/\xff.npy"))
    np.save(strange, NOISE)
    results = ("--results", tmp_path / "results", "--register")
    done = invoke(strange, "--reference", strange, *FAST[2:], *results, "--format", "json")
    assert done.exit_code == 0, done.exception
    (record,) = Store(tmp_path / "results").records()
    assert record.cell.dataset == r"file:\xff.npy"


def test_folders_that_sample_writes_keep_their_classes(tmp_path):
    labels = load_digits().target[:80]
    write_samples(Drawn(IMAGES, labels, tuple("0123456789"), "image"), tmp_path / "drawn")
    done = invoke(tmp_path / "drawn", "--dataset", "digits", "--metrics", "class-accuracy", "--format", "json")
    assert json.loads(done.stdout)[0]["rows"][0]["values"]["class_accuracy"]["mean"] > 0.95


def test_a_class_that_does_not_exist_is_blamed_on_the_file_that_names_it(files, tmp_path):
    (tmp_path / "classes.txt").write_text("14\n" * 80)
    done = invoke(files[0], *FAST, "--labels", tmp_path / "classes.txt")
    assert "classes.txt: label 14 is none of the 10 classes" in str(done.exception)


def test_a_skipped_metric_is_named_with_its_reason_where_it_was_asked_for(files):
    quiet = invoke(files[0], *FAST)
    assert "likelihood" not in quiet.stderr
    loud = invoke(files[0], *FAST[:-1], "fid,likelihood")
    assert "good: no likelihood: a set of samples gives no likelihood" in loud.stderr


def test_class_accuracy_takes_the_classes_that_come_with_the_samples(files, tmp_path):
    np.save(tmp_path / "asked.npy", np.arange(len(IMAGES)) % 10)
    without = invoke(files[0], *FAST[:-1], "fid,class-accuracy")
    assert "good: no class-accuracy: a set of samples is not asked for classes" in without.stderr
    labelled = invoke(files[0], *FAST[:-1], "class-accuracy", "--labels", tmp_path / "asked.npy", "--format", "json")
    (row,) = json.loads(labelled.stdout)[0]["rows"]
    assert 0 <= row["values"]["class_accuracy"]["mean"] <= 1


def test_nothing_scored_is_an_error_with_the_reason(files):
    done = invoke(files[0], *FAST[:-1], "likelihood")
    assert isinstance(done.exception, ConfigError)
    assert "a set of samples gives no likelihood" in str(done.exception)


def test_sets_of_different_counts_are_said_not_to_be_ranked_together(files, tmp_path):
    np.save(tmp_path / "few.npy", IMAGES[:40])
    done = invoke(files[0], tmp_path / "few.npy", *FAST, "--format", "json")
    assert len(json.loads(done.stdout)) == 2
    assert "give --count" in done.stderr


def test_an_unknown_format_is_refused_before_anything_is_read(files):
    done = invoke(files[0], *FAST, "--format", "tabel")
    assert "did you mean 'table'" in str(done.exception)


def test_results_that_cannot_be_written_are_refused_before_scoring(files, tmp_path):
    (tmp_path / "results").touch()
    done = invoke(files[0], *FAST, "--register", "--results", tmp_path / "results")
    assert isinstance(done.exception, RunError)


def save_cell(results):
    """Keep what a finished cell leaves: a record and its samples."""
    protocol = Protocol(extractor="pixels", sample_count=80)
    cell = Cell(model="vae", dataset="digits", seed=0, budget="smoke", length="9steps", protocol=protocol)
    store = Store(results)
    store.open_for_writing()
    store.save(Record(cell=cell, status="ok", scores={"fid": 1.0}, protocol=protocol.as_plain(), protocol_hash="x"))
    store.cell(cell.id).path.mkdir()
    np.savez(store.cell(cell.id).path / "samples.npz", images=IMAGES)
    return cell


def test_a_cell_is_compared_with_its_own_dataset_and_may_be_shortened(tmp_path):
    cell = save_cell(tmp_path / "results")
    done = invoke("vae-digits", *FAST[2:], "--results", tmp_path / "results", "--format", "json")
    (group,) = json.loads(done.stdout)
    assert group["dataset"] == "digits"
    assert group["rows"][0]["model"] == cell.id


def test_a_cell_without_samples_says_what_to_do(tmp_path):
    cell = save_cell(tmp_path / "results")
    (Store(tmp_path / "results").cell(cell.id).path / "samples.npz").unlink()
    done = invoke(cell.id, *FAST[2:], "--results", tmp_path / "results")
    assert "run it again with --keep samples" in str(done.exception)


def test_the_command_line_tells_a_mistake_in_one_line(genharness, tmp_path):
    (tmp_path / "text.npy").write_text("hello")
    done = genharness("evaluate", "text.npy", "--dataset", "digits")
    assert (done.returncode, done.stdout) == (2, "")
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "text.npy is damaged or no array file" in errors[0]


def test_the_commands_are_light_until_they_work():
    names = ", ".join(f"genharness.cli.{name}" for name in ("evaluate", "verify", "cache"))
    code = f"import sys, {names}; print(*({{'torch', 'scipy', 'sklearn'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.slow
def test_trained_samples_score_outside_as_they_did_inside(genharness, tmp_path):
    """The promise behind one ranking: the same samples, evaluated from their file, give the record's numbers."""
    trained = genharness(
        "run", "--no-baselines", "--models", "gaussian", "--datasets", "digits", "--samples", "200", "--keep", "samples"
    )
    assert trained.returncode == 0, trained.stderr
    (inside,) = Store(tmp_path / "results").records()
    file = Store(tmp_path / "results").cell(inside.cell.id).path / "samples.npz"
    done = genharness("evaluate", file, "--dataset", "digits", "--register", "--name", "copy")
    assert done.returncode == 0, done.stderr
    outside = next(record for record in Store(tmp_path / "results").records() if record.source == "external")
    assert outside.protocol_hash == inside.protocol_hash
    shared = {key: value for key, value in inside.scores.items() if key in outside.scores}
    assert {"fid", "coverage", "kid", "modes_covered"} <= set(shared)
    for key, value in shared.items():
        assert outside.scores[key] == pytest.approx(value, rel=1e-6, nan_ok=True), key


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_every_picture_that_cannot_be_used_is_named_at_once(tmp_path, form):
    good = encoded(np.kron(NOISE[0, 0], NOISE[1, 0]))
    files = {"good.png": good, "cut.png": good[:600], "empty.png": b"", "text.png": b"hello"}
    path = as_folder(files, tmp_path / "samples") if form == "folder" else as_zip(files, tmp_path / "samples.zip")
    done = CliRunner().invoke(evaluate, [str(path), "--dataset", "digits", "--features", "pixels"])
    assert "3 of 4 pictures cannot be used" in str(done.exception)
    for name in ("cut.png", "empty.png", "text.png"):
        assert name in str(done.exception)


def test_scores_are_read_against_real_samples(files):
    def bands(*options):
        (group,) = json.loads(invoke(*files, *FAST, *options, "--format", "json").stdout)
        return {column["key"]: column["band"] for column in group["columns"]}, group["rows"]

    found, (good, noise) = bands()
    assert found["fid"]["count"] == 80
    assert noise["values"]["fid"]["mean"] > 2 * found["fid"]["high"]
    assert noise["values"]["fid"]["reading"] is None
    assert good["values"]["recall"]["mean"] > noise["values"]["recall"]["mean"] < found["recall"]["low"]
    assert set(bands("--no-bands")[0].values()) == {None}


def test_pictures_of_metrics_are_kept_with_what_is_registered(files, tmp_path):
    results = tmp_path / "results"
    for _ in range(2):  # also where the scores are kept
        arguments = ("--dataset", "digits", "--features", "pixels", "--metrics", "copies", "--no-bands")
        done = invoke(files[0], *arguments, "--register", "--results", results)
        assert done.exit_code == 0, done.output
        (record,) = Store(results).records()
        assert set(record.artefacts) == {"nearest_train", "nearest_train_pixels"}
        for name in record.artefacts.values():
            (Store(results).cell(record.cell.id).path / name).unlink()


@pytest.mark.parametrize("place", ["picture", "record"])
def test_a_disk_that_is_full_when_scores_are_registered_is_named_and_nothing_half_written_stays(
    files, tmp_path, monkeypatch, place
):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    results = tmp_path / "results"
    monkeypatch.setattr(*{"picture": (Image.Image, "save", full), "record": (store, "write_bytes", full)}[place])
    arguments = ("--dataset", "digits", "--features", "pixels", "--metrics", "copies", "--no-bands")
    done = invoke(files[0], *arguments, "--register", "--results", results)
    assert isinstance(done.exception, RunError)
    assert str(results) in str(done.exception)
    assert "(No space left on device): free space" in str(done.exception)
    assert not [path for path in results.rglob("*") if path.is_file() and not path.stat().st_size]


NETWORK = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(4, 64))

    def forward(self, z):
        return torch.tanh(z @ self.weight).reshape(-1, 1, 8, 8)
"""


def test_a_generator_is_scored_and_costed_as_a_run_does_it(tmp_path, genharness):
    (tmp_path / "net.py").write_text(NETWORK)
    torch.save({"weight": torch.linspace(-1, 1, 256).reshape(4, 64)}, tmp_path / "w.pth")
    options = ("--features", "pixels", "--metrics", "fid", "--samples", "100", "--set", "generator.latent=4")
    weights = ("--set", f"generator.checkpoint={tmp_path / 'w.pth'}")
    run = ("run", "--no-baselines", "--datasets", "digits", "--models", "generator:net.py:Net", *options, *weights)
    assert genharness(*run).returncode == 0
    (record,) = (json.loads(path.read_text()) for path in (tmp_path / "results" / "records").glob("*.json"))
    costs = record["measurements"]
    assert (costs["parameters"], costs["function_evaluations"], costs["sample_flops"]) == (256, 1, 512)
    assert 0 < costs["latency_p50_ms"] <= costs["latency_p99_ms"]
    assert min(costs["sample_images_per_second"], costs["peak_memory_mib"]) > 0
    more = ("--features", "pixels", "--metrics", "fid", "--count", "100", "--latent", "4", "--format", "json")
    found = genharness("evaluate", "--generator", "net.py:Net", "--dataset", "digits", *more, *weights)
    assert found.returncode == 0, found.stderr
    ((row,),) = (group["rows"] for group in json.loads(found.stdout))
    assert row["values"]["fid"]["mean"] == record["scores"]["fid"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("genharness-")] == []


def test_the_traceback_that_a_failed_generator_s_message_names_is_there(tmp_path, genharness):
    body = "import torch\n\nclass Net(torch.nn.Module):\n    calls = 0\n    def train(self, mode=True):\n"
    body += "        Net.calls += 1\n        assert Net.calls == 1, 'of my own'\n        return super().train(mode)\n"
    (tmp_path / "net.py").write_text(body)
    beside = ("--features", "pixels", "--metrics", "fid", "--latent", "4")
    found = genharness("evaluate", "--generator", "net.py:Net", "--dataset", "digits", *beside)
    assert found.returncode == 2
    named = re.search(r"its traceback is in (\S+)", found.stderr.replace("\n", " "))[1]
    assert "net.py" in Path(named).read_text()
    shutil.rmtree(Path(named).parents[2])


def test_what_fails_in_the_file_of_a_generator_is_told_in_a_line_with_its_place(tmp_path, genharness):
    (tmp_path / "net.py").write_text("def make():\n    raise RuntimeError('of my own')\n")
    beside = ("--features", "pixels", "--metrics", "fid", "--latent", "4")
    found = genharness("evaluate", "--generator", "net.py:make", "--dataset", "digits", *beside)
    assert found.returncode == 2
    assert found.stderr.splitlines()[-1] == "error: generator: net.py fails: RuntimeError: of my own (net.py:2)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--generator", "nowhere.onnx", "--dataset", "digits"], "source=nowhere.onnx does not exist: name a .pt"),
        (["--generator", "net.py:Net"], "no dataset was named"),
        (["x.npz", "--generator", "net.py:Net", "--dataset", "digits"], "draws its own samples beside a --dataset"),
        (["x.npz", "--dataset", "digits", "--latent", "3"], "--latent is of a model that draws samples"),
        (["--dataset", "digits"], "no samples were named"),
    ],
)
def test_what_of_a_generator_cannot_be_is_told_at_once(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NETWORK)
    assert message in str(invoke(*arguments).exception)
