"""`genharness verify`: agreement with the reference libraries, and what happens without it."""

import dataclasses
import itertools
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.datasets import load_digits

from genharness.cli.verify import verify
from genharness.errors import ConfigError, DataError
from genharness.external.request import Request, prepare
from genharness.external.score import score_samples
from genharness.measure.build import build_extractor
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.study.measuring import Measuring

IMAGES = (load_digits().images[:80] * 15.9375).astype(np.uint8)[:, None]
RANDOM = np.random.default_rng(0)
LIBRARIES = ("torch_fidelity", "pytorch_fid", "prdc", "torchmetrics", "vendi_score")


@pytest.fixture(autouse=True)
def _libraries():
    for name in LIBRARIES:
        pytest.importorskip(name)


def invoke(*arguments):
    return CliRunner().invoke(verify, [str(argument) for argument in arguments])


def comparisons(done, name):
    return {(one["key"], one["library"]): one for one in json.loads(done.stdout)[name]}


@pytest.fixture
def rows(tmp_path):
    real, fake = RANDOM.normal(size=(400, 6)), RANDOM.normal(size=(300, 6)) * 0.9 + 0.3
    np.save(tmp_path / "fake.npy", fake)
    np.save(tmp_path / "real.npy", real)
    return tmp_path / "fake.npy", "--reference", tmp_path / "real.npy", "--features", "identity"


def test_every_library_agrees_on_features(rows):
    done = invoke(*rows, "--metrics", "fid,kid,prdc,vendi", "--json")
    found = comparisons(done, "fake")
    assert set(found) == {
        ("fid", "torch-fidelity"),
        ("fid", "pytorch-fid"),
        ("fid", "clean-fid"),
        ("fid", "torchmetrics"),
        ("kid", "torch-fidelity"),
        ("kid", "clean-fid"),
        ("kid_std", "torch-fidelity"),
        ("precision", "prdc"),
        ("recall", "prdc"),
        ("density", "prdc"),
        ("coverage", "prdc"),
        ("vendi", "vendi-score"),
    }
    assert "subsets of its own" in found.pop(("kid", "clean-fid"))["reason"]  # the sets differ in size
    assert {one["verdict"] for one in found.values()} == {"agrees"}
    assert found["fid", "torch-fidelity"]["difference"] == pytest.approx(0, abs=1e-6)
    assert done.exit_code == 0


def test_torchmetrics_agrees_on_images(tmp_path):
    np.save(tmp_path / "a.npy", IMAGES)
    arguments = ("--dataset", "digits", "--features", "pixels", "--metrics", "pair-ssim,nearest-real,fid")
    found = comparisons(invoke(tmp_path / "a.npy", *arguments, "--json"), "a")
    keys = ("pair_ssim", "pair_ssim_real", "nearest_psnr", "nearest_ssim")
    assert {found[key, "torchmetrics"]["verdict"] for key in keys} == {"agrees"}
    assert found["fid", "torch-fidelity"]["verdict"] == "agrees"  # 80 samples, 64 dimensions of which some are constant


def test_a_mistyped_path_is_no_cell(rows, tmp_path):
    Store(tmp_path / "results").open_for_writing()
    done = invoke(tmp_path / "nosuch.npy", *rows[1:], "--results", tmp_path / "results")
    assert "nosuch.npy does not exist" in str(done.exception)


def test_statistics_are_enough_for_the_frechet_distance(tmp_path, rows):
    real = np.load(tmp_path / "real.npy")
    np.savez(tmp_path / "stats.npz", mu=real.mean(0), sigma=np.cov(real, rowvar=False))
    done = invoke(rows[0], "--reference", tmp_path / "stats.npz", "--features", "identity", "--json")
    found = comparisons(done, "fake")
    assert found["fid", "torch-fidelity"]["verdict"] == "agrees"
    assert "statistics only" in found["kid", "torch-fidelity"]["reason"]
    assert done.exit_code == 0


def test_the_table_shows_both_numbers(rows):
    text = invoke(*rows, "--metrics", "fid").stdout
    assert "torch-fidelity" in text
    assert "agrees" in text


def test_a_missing_library_is_a_line_and_not_a_failure(rows, monkeypatch):
    monkeypatch.setitem(sys.modules, "prdc", None)
    done = invoke(*rows, "--metrics", "fid,prdc")
    assert done.exit_code == 0
    assert "prdc is missing: pip install 'genharness[verify]'" in done.stdout.splitlines()


def test_without_any_library_nothing_is_verified_and_one_line_names_them_all(rows, monkeypatch):
    for name in (*LIBRARIES, "pytorch_fid.fid_score", "cleanfid.fid", "torchmetrics.image.fid"):
        monkeypatch.setitem(sys.modules, name, None)
    done = invoke(*rows, "--metrics", "fid,prdc")
    assert isinstance(done.exception, ConfigError)
    missing = "torch-fidelity, pytorch-fid, clean-fid, torchmetrics, prdc are missing: pip install 'genharness[verify]'"
    assert str(done.exception) == f"nothing could be compared: {missing}"
    assert "missing" not in done.stdout


def test_where_a_metric_could_not_be_computed_its_own_reason_is_given(tmp_path):
    np.save(tmp_path / "two.npy", IMAGES[:2])
    arguments = ("--dataset", "digits", "--features", "pixels", "--set", "prdc.convention=kynkaanniemi", "--json")
    done = invoke(tmp_path / "two.npy", *arguments, "--metrics", "prdc,pair-ssim,reconstruction")
    found = comparisons(done, "two")
    assert "neighbours need more than 5 samples" in found["prdc", "torch-fidelity"]["reason"]
    assert found["reconstruction", "torch"]["reason"] == "a set of samples gives no reconstructions"
    assert found["pair_ssim", "torchmetrics"]["verdict"] == "agrees"


def test_a_narrow_console_cuts_nothing(rows):
    arguments = [str(argument) for argument in (*rows, "--metrics", "kid")]
    lines = CliRunner().invoke(verify, arguments, env={"COLUMNS": "30"}).stdout.splitlines()
    assert lines[1].split() == ["score", "library", "ours", "theirs", "difference", "verdict"]
    assert [line.split()[::5] for line in lines[2:4]] == [["kid", "agrees"], ["kid_std", "agrees"]]
    assert all(len(line.split()) == 6 and "…" not in line for line in lines[2:4])


def test_metrics_that_no_library_knows_are_refused(rows, tmp_path):
    np.save(tmp_path / "a.npy", IMAGES)
    done = invoke(tmp_path / "a.npy", "--dataset", "digits", "--features", "pixels", "--metrics", "cas")
    assert "no library recomputes cas: choose of" in str(done.exception)


@pytest.mark.parametrize("convention", ["naeem", "kynkaanniemi"])
def test_each_convention_of_precision_and_recall_has_its_library(rows, convention):
    options = ("--set", f"prdc.convention={convention}", "--set", "prdc.k=3")
    done = invoke(*rows, "--metrics", "prdc", *options, "--json")
    found = comparisons(done, "fake")
    agreed = {key for key, one in found.items() if one["verdict"] == "agrees"}
    naeem = {(key, "prdc") for key in ("precision", "recall", "density", "coverage")}
    kynkaanniemi = {(key, "torch-fidelity") for key in ("precision", "recall", "f1")}
    assert agreed == (naeem if convention == "naeem" else kynkaanniemi)
    assert done.exit_code == 0


def test_duplicates_tell_the_conventions_apart(tmp_path):
    corners = np.array(list(itertools.product((0, 1), repeat=3)), np.float32)
    np.save(tmp_path / "fake.npy", np.repeat(corners, 4, axis=0))  # the third neighbour of each is a copy of it
    np.save(tmp_path / "real.npy", np.repeat(corners, 4, axis=0))
    scores = {}
    for convention in ("naeem", "kynkaanniemi"):
        arguments = ("--reference", tmp_path / "real.npy", "--features", "identity", "--metrics", "prdc", "--json")
        done = invoke(tmp_path / "fake.npy", *arguments, "--set", f"prdc.convention={convention}", "--set", "prdc.k=3")
        assert done.exit_code == 0
        found = comparisons(done, "fake")
        scores[convention] = next(one["ours"] for (key, _), one in found.items() if key == "precision")
    assert scores == {"naeem": 0, "kynkaanniemi": 1}


@pytest.fixture
def cell(tmp_path):
    """A finished cell: its samples, and a record of their scores under options of its own."""
    np.save(tmp_path / "a.npy", IMAGES)
    registry = load_registry()
    options = {"prdc": {"k": 3}}
    measuring = Measuring(features="pixels", metrics=("fid", "prdc"), set=options)
    request = Request(samples=[str(tmp_path / "a.npy")], dataset="digits", measuring=measuring)
    (one,) = prepare(request, registry, lambda *_: None)
    record = score_samples(one, registry, request, lambda *_: None)
    own = Cell(model="vae", dataset="digits", seed=0, budget="smoke", length="9steps", protocol=one.protocol)
    store = Store(tmp_path / "results")
    store.open_for_writing()
    store.cell(own.id).path.mkdir()
    np.savez(store.cell(own.id).path / "samples.npz", images=IMAGES)
    trained = dataclasses.replace(record, cell=own, source="trained")
    store.save(trained)
    return store, trained


def verified(store, *arguments):
    return invoke("vae-digits", "--results", store.folder, *arguments)


def test_a_cell_is_verified_under_its_own_protocol(cell):
    store, record = cell
    done = verified(store, "--json")
    found = comparisons(done, record.cell.id)
    assert done.exit_code == 0
    assert {key for key, _ in found} == {"fid", "precision", "recall", "density", "coverage"}
    assert {one["verdict"] for one in found.values()} == {"agrees"}


def test_only_the_metrics_named_are_verified(cell):
    store, record = cell
    found = comparisons(verified(store, "--metrics", "fid", "--json"), record.cell.id)
    assert {key for key, _ in found} == {"fid"}


@pytest.mark.parametrize(("pattern", "keys"), [("f*", {"fid"}), ("default", {"fid", "precision", "recall"})])
def test_patterns_choose_among_the_metrics_of_a_cell(cell, pattern, keys):
    store, record = cell
    found = comparisons(verified(store, "--metrics", pattern, "--json"), record.cell.id)
    assert {key for key, _ in found} - {"density", "coverage"} == keys


def test_an_unknown_metric_is_refused_for_a_cell_as_for_samples(cell):
    done = verified(cell[0], "--metrics", "prcd")
    assert isinstance(done.exception, ConfigError)
    assert str(done.exception) == "unknown metric 'prcd'; did you mean 'prdc'?"


def test_a_metric_that_a_cell_was_not_scored_by_is_said_where_it_is_named(cell):
    store, record = cell
    store.save(dataclasses.replace(record, skipped={"reconstruction": "dcgan gives no reconstructions"}))
    done = verified(store, "--metrics", "fid,kid,reconstruction")
    assert done.exit_code == 0
    assert "kid by torch-fidelity, clean-fid: it was not scored" in done.stdout
    assert "reconstruction by torchmetrics, torch: dcgan gives no reconstructions" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("kid", "nothing could be compared: kid by torch-fidelity, clean-fid: it was not scored"),
        ("k*", "has no score by k*: name other --metrics"),
    ],
)
def test_a_cell_with_nothing_to_compare_is_refused(cell, words, message):
    assert message in str(verified(cell[0], "--metrics", words).exception)


@pytest.mark.parametrize(
    "option",
    [
        ("--dataset", "breast-cancer"),
        ("--reference", "."),
        ("--count", 50),
        ("--seed", 0),
        ("--features", "auto"),
        ("--set", "prdc.k=4"),
    ],
)
def test_options_that_a_cells_own_protocol_decides_are_refused(cell, option):
    done = verified(cell[0], *option)
    assert isinstance(done.exception, ConfigError)
    assert str(done.exception).startswith(f"{option[0]} does not apply to cell vae-digits")


def test_a_registered_cell_of_samples_made_elsewhere_is_refused(cell):
    store, record = cell
    (store.cell(record.cell.id).path / "samples.npz").unlink()
    store.save(dataclasses.replace(record, source="external"))
    message = str(verified(store).exception)
    assert "samples that were made elsewhere: name the samples themselves" in message


@pytest.mark.parametrize(("key", "value"), [("fid", 1.001), ("coverage", 0.5), ("recall", None)])
def test_a_wrong_record_is_caught_with_exit_code_1(cell, key, value):
    store, record = cell
    wrong = value if value is None or key == "coverage" else record.scores[key] * value
    store.save(dataclasses.replace(record, scores={**record.scores, key: wrong}))
    done = verified(store, "--json")
    assert done.exit_code == 1
    disagreeing = {key for (key, _), one in comparisons(done, record.cell.id).items() if one["verdict"] == "differs"}
    assert disagreeing == {key}


def test_a_cell_of_another_protocol_is_refused(cell):
    store, record = cell
    store.save(dataclasses.replace(record, protocol={**record.protocol, "dataset_hash": "old"}, protocol_hash="old"))
    done = verified(store)
    assert isinstance(done.exception, DataError)
    assert "another protocol (dataset_hash changed since): run it again" in str(done.exception)


def test_code_that_changed_since_a_cell_was_scored_is_told(cell):
    store, record = cell
    store.save(dataclasses.replace(record, code={"fid": {"metric fid": "0" * 16}}))
    done = verified(store, "--metrics", "fid", "--json")
    assert f"warning: {record.cell.id}: code of metric fid changed since" in done.stderr
    assert json.loads(done.stdout)


def test_a_cell_that_failed_has_nothing_to_verify(cell):
    store, record = cell
    store.save(dataclasses.replace(record, status="diverged", scores={}))
    assert "has no scores (diverged)" in str(verified(store).exception)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A cell that `genharness run` made: a short VAE on digits."""
    folder = tmp_path_factory.mktemp("trained")
    home = {**os.environ, "GENHARNESS_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1"}
    options = (
        "--no-baselines",
        "--models",
        "vae",
        "--datasets",
        "digits",
        "--budget",
        "20steps",
        "--features",
        "pixels",
    )
    metrics = ("--metrics", "fid,kid,prdc,vendi,pair-ssim,reconstruction")
    command = [sys.executable, "-m", "genharness.cli.main", "run", *options, *metrics, "--results", folder / "results"]
    done = subprocess.run([*map(str, command)], env=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def own_results(trained, tmp_path, monkeypatch):
    """A copy of the results that a test may spoil, and the home that the cell was made with."""
    monkeypatch.setenv("GENHARNESS_HOME", str(trained / "home"))
    shutil.copytree(trained / "results", tmp_path / "results")
    store = Store(tmp_path / "results")
    return store, store.find("vae-digits")


def test_a_cell_that_was_run_is_verified_with_its_reconstructions(own_results):
    store, record = own_results
    done = verified(store, "--json")
    assert done.exit_code == 0, done.output
    found = comparisons(done, record.cell.id)
    assert {one["verdict"] for one in found.values() if not one["reason"]} == {"agrees"}
    assert {(key, found[key, library]["ours"] is not None) for key, library in found if library == "torch"} == {
        ("mse", True),
        ("bce", True),
    }
    assert found["psnr", "torchmetrics"]["ours"] == record.scores["psnr"]
    assert found["ssim", "torchmetrics"]["difference"] == pytest.approx(0, abs=1e-6)


def test_the_table_of_a_cell_shows_both_numbers_the_difference_and_the_verdict(own_results):
    store, record = own_results
    text = verified(store).stdout
    for word in ("ours", "theirs", "difference", "verdict", "torch-fidelity", "prdc", "torchmetrics", "agrees"):
        assert word in text
    assert f"{record.scores['psnr']:.7g}" in text


@pytest.mark.parametrize("key", ["fid", "psnr", "pair_ssim"])
def test_a_doctored_cell_is_caught(own_results, key):
    store, record = own_results
    store.save(dataclasses.replace(record, scores={**record.scores, key: record.scores[key] * 1.01}))
    done = verified(store)
    assert done.exit_code == 1
    assert "differs" in done.stdout


def test_without_a_checkpoint_reconstructions_are_not_compared_and_the_rest_is(own_results):
    store, record = own_results
    store.training(record.training).checkpoint.unlink()
    done = verified(store)
    assert done.exit_code == 0
    assert "reconstruction by torchmetrics, torch: vae-digits" in " ".join(done.stdout.split())
    assert "keeps no checkpoint" in " ".join(done.stdout.split())


def test_samples_are_evaluated_once_for_ours_and_theirs(rows, monkeypatch):
    built = []

    def counted(registry, name, *arguments):
        built.append(name)
        return build_extractor(registry, name, *arguments)

    monkeypatch.setattr("genharness.external.score.build_extractor", counted)
    assert invoke(*rows, "--metrics", "fid").exit_code == 0
    assert built == ["identity"]
