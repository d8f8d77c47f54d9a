"""One cell, in this process: what it records, and what each broken contract turns into."""

import errno
import importlib.resources
import io
import json
import os
import re
import signal
import warnings
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import torch

import genharness.cells.cell
import genharness.cells.score
import genharness.cells.train
import genharness.engine.feed
from faulty_models import HEAVY, LIGHT
from genharness.cells.cell import run_task
from genharness.data.facts import facts_reader
from genharness.engine.checkpoint import load_checkpoint
from genharness.figures.latents import read_latents
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.cell import Settings
from genharness.spec.record import MEASUREMENTS
from genharness.study.pending import missing_metrics
from genharness.study.plan import expand
from genharness.study.suite import Suite

QUICK = {"classifier": {"steps": 20}}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def plugins(make_plugin, monkeypatch, home):
    """The faulty models, and a home that this module's tests share, so that data is prepared once."""
    monkeypatch.setenv("GENHARNESS_HOME", str(home))
    make_plugin("faulty-models", LIGHT, heavy=HEAVY)


@pytest.fixture
def task(tmp_path):
    def make(model="good", *, results="results", settings=None, **changes):
        values = {"models": (model,), "datasets": ("digits",), "metrics": ("fid",), "samples": 100, "set": QUICK}
        where = Settings(results=tmp_path / results, **(settings or {}))
        registry = load_registry()
        return expand(Suite(**{**values, **changes}), registry, where, facts_reader(registry)).tasks[0]

    return make


def finish(task, should_stop=lambda: False):
    return run_task(task, lambda event: None, should_stop)


def untimed(record):
    """Return all of a record that must repeat: no clocks, no memory."""
    kept = {"scores", "protocol", "protocol_hash", "facts", "status", "skipped"}
    plain = record.as_plain()
    return {key: plain[key] for key in kept} | {
        "losses": plain["history"]["losses"],
        "curves": plain["history"]["scores"],
        "steps": plain["measurements"]["train_steps"],
    }


class StopAfter:
    """Asks for a stop once a cell has asked so many times."""

    def __init__(self, calls):
        self.calls = calls

    def __call__(self):
        self.calls -= 1
        return self.calls < 0


def test_a_cell_that_cannot_begin_is_recorded_as_failed_with_the_reason(task, monkeypatch):
    """It ended its process with a traceback, and the run said "exit code 1 and no record"."""
    one = task()
    for refused, reason in (
        (OSError(errno.EIO, "Input/output error"), r"it could not begin: OSError: \[Errno 5\] Input/output error"),
        (
            OSError(errno.ENOLCK, "No locks available"),
            "it could not begin: .*cells lies on a file system without locks",
        ),
    ):
        monkeypatch.setattr("filelock.FileLock.acquire", raising(refused))
        done = finish(one)
        assert done.status == "failed"
        assert re.match(reason, done.reason)
        assert Store(one.settings.results).load(one.cell.id) == done


def raising(error):
    def fail(*_, **__):
        raise error

    return fail


def test_a_record_fits_the_published_schema(task):
    done = finish(task("vae", budget="6steps", metrics=("fid", "reconstruction"), settings={"score_every": "3steps"}))
    path = Store(task().settings.results).record_path(done.cell.id)
    schema = importlib.resources.files("genharness").joinpath("record.schema.json").read_text()
    jsonschema.validate(json.loads(path.read_text()), json.loads(schema))
    assert done.history.scores["step"] == done.history.held_out["step"] == [3, 6]
    assert {"fid", "psnr", "ssim", "mse", "bce"} <= done.history.scores.keys()
    assert done.history.held_out.keys() == done.history.losses.keys()
    codes = read_latents(path.parent.parent / "cells" / done.cell.id / done.artefacts["latents"])
    assert codes.labels is not None
    assert codes.prior.means.shape == (1, 2)


def test_only_what_is_asked_for_is_scored_over_training(task):
    settings = {"score_every": "3steps", "score_samples": 20, "score_metrics": ("kld",)}
    done = finish(task("vae", budget="6steps", metrics=("fid", "kld"), settings=settings))
    assert done.history.scores.keys() == {"step", "kld", "samples"}
    assert None not in done.history.scores["kld"]


def test_the_row_of_real_samples_says_where_real_samples_score_and_no_other_does(task):
    done = finish(task("real", metrics=("fid", "prdc", "reconstruction")))
    assert set(done.bands) >= {"fid", "precision", "recall", "density", "coverage", "f1"}
    for key, band in done.bands.items():
        assert band["low"] <= done.scores[key] <= band["high"]
        assert (band["draws"], band["count"]) == (20, 100)
    schema = importlib.resources.files("genharness").joinpath("record.schema.json").read_text()
    jsonschema.validate(done.as_plain(), json.loads(schema))
    assert finish(task("noise")).bands == {}


def test_the_row_of_real_samples_scores_with_all_it_has_and_its_count_is_stamped(task):
    done = finish(task("real", datasets=("digits#300",), samples=5000))
    held_out = done.facts["sample_count"]
    assert held_out == 300
    assert done.status == "ok"
    assert done.protocol["sample_count"] == 5000
    assert {band["count"] for band in done.bands.values()} == {held_out}
    assert f"scored with the {held_out:.0f} samples that there are" in done.notes
    assert "sample_count" not in finish(task("noise", datasets=("digits#300",), samples=100)).facts


def test_measurements_are_those_that_are_documented(task):
    done = finish(task())
    assert set(done.measurements) <= set(MEASUREMENTS)
    counted = {f"train_energy_{name}_joules" for name in ("cpu", "gpu")} & set(done.measurements)
    assert len(counted) + len(done.environment["energy_not_counted"]) == 1  # on the CPU: counted, or the reason


def test_memory_that_scoring_takes_is_not_training_s(task, monkeypatch):
    plain = finish(task(results="plain"))
    scoring = genharness.cells.score.Scorer._over_training

    def greedy(*arguments):
        torch.ones(2**28 // 4).sum()  # 256 MiB
        return scoring(*arguments)

    monkeypatch.setattr(genharness.cells.score.Scorer, "_over_training", greedy)
    done = finish(task(results="greedy", settings={"score_every": "10steps", "score_samples": 50}))
    assert done.measurements["peak_memory_mib"] < plain.measurements["peak_memory_mib"] + 100
    assert done.measurements["dataset_mib"] == pytest.approx(1258 * 64 / 2**20)


@pytest.mark.parametrize(("model", "chosen"), [("ae", False), ("vae", True)])
def test_no_best_checkpoint_is_chosen_by_scores_of_a_sampler_that_is_fitted_later(task, model, chosen):
    done = finish(task(model, budget="20steps", settings={"score_every": "10steps", "score_samples": 50}))
    assert len(done.history.scores["step"]) == len(done.history.seconds) == 2
    assert 0 < done.history.seconds[0] < done.history.seconds[1] <= done.measurements["train_seconds"]
    assert (done.history.best is not None) == chosen
    assert any("no best checkpoint is chosen by them" in note for note in done.notes) != chosen


def test_a_cell_leaves_grid_strip_samples_and_checkpoint(task):
    one = task("vae", budget="10steps")
    done = finish(one)
    folder = Store(one.settings.results).cell(done.cell.id).path
    assert {"grid", "strip", "samples", "reconstructions", "interpolation"} <= set(done.artefacts)
    assert all((folder / name).stat().st_size for name in done.artefacts.values())
    assert done.training == one.cell.training_id
    assert Store(one.settings.results).training(done.training).finished


def test_the_same_seed_twice_gives_identical_losses_and_scores(task):
    first, second = finish(task(results="a")), finish(task(results="b"))
    assert untimed(first) == untimed(second)


def test_another_seed_gives_other_losses(task):
    assert untimed(finish(task(results="a"))) != untimed(finish(task(results="b", seeds=(1,))))


SCORED = {"score_every": "10steps", "score_samples": 50, "checkpoint_seconds": 0}


def test_the_checkpoint_at_the_best_score_over_training_is_kept_beside_the_last(task):
    one = task(settings=SCORED)
    done = finish(one)
    best, curve = done.history.best, done.history.scores
    assert best.column == "fid"
    assert best.value == min(curve["fid"]) == curve["fid"][curve["step"].index(best.step)]
    folder = Store(one.settings.results).training(done.training)
    kept = load_checkpoint(folder.best_checkpoint, done.training)
    assert (kept.step, kept.finished) == (best.step, False)
    assert load_checkpoint(folder.checkpoint, done.training).step == 40


def test_a_kill_between_the_last_and_the_best_checkpoint_costs_neither(task, monkeypatch):
    whole, one = finish(task(results="whole", settings=SCORED)), task(results="cut", settings=SCORED)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(genharness.cells.train.shutil, "copyfile", killed)
        with pytest.raises(KeyboardInterrupt):
            finish(one)
    done = finish(one)
    assert untimed(done) == untimed(whole)
    kept = load_checkpoint(Store(one.settings.results).training(done.training).best_checkpoint, done.training)
    assert kept.step == whole.history.best.step


def test_without_scores_over_training_there_is_no_best_checkpoint(task):
    done = finish(task())
    assert done.history.best is None
    assert not Store(task().settings.results).training(done.training).best_checkpoint.exists()


def test_a_diverged_cell_keeps_its_curves_and_the_event(task):
    done = finish(task("nan-loss"))
    assert done.history.losses["step"][-1] == 22
    assert done.history.events == [{"step": 22, "event": "diverged", "losses": ["loss"]}]


@pytest.mark.parametrize("stop_at", [1, 7, 20])
def test_a_stopped_cell_goes_on_as_if_nothing_had_happened(task, stop_at):
    settings = {"score_every": "10steps", "score_samples": 50}
    whole = finish(task(results="whole", settings=settings))
    stopped = finish(task(results="cut", settings=settings), StopAfter(stop_at))
    assert stopped.status == "interrupted"
    assert untimed(finish(task(results="cut", settings=settings))) == untimed(whole)


def test_a_model_looks_at_its_data_once_before_training_and_not_again_when_it_goes_on(task):
    whole = finish(task("starts", results="whole"))
    assert whole.history.losses["loss"][0] < 0.5 * finish(task()).history.losses["loss"][0]
    stopped = finish(task("starts", results="cut"), StopAfter(7))
    assert stopped.status == "interrupted"
    done = finish(task("starts", results="cut"))
    assert untimed(done) == untimed(whole)
    path = Store(task("starts", results="cut").settings.results).training(done.training).checkpoint
    assert load_checkpoint(path, done.training).model["looks"].item() == 1


def test_a_stop_before_scoring_keeps_the_training(task):
    stopped = finish(task(), StopAfter(40))
    assert stopped.status == "interrupted"
    assert Store(task().settings.results).training(stopped.training).checkpoint.is_file()
    done = finish(task(), lambda: False)
    assert done.status == "ok"


def test_clocks_go_on_where_they_stopped(task):
    stopped = finish(task(), StopAfter(20))
    done = finish(task())
    assert done.measurements["train_seconds"] > 0
    assert done.measurements["cell_seconds"] > stopped.measurements["cell_seconds"]


@pytest.mark.parametrize("damage", ["truncate", "flip", "foreign", "misfit"])
def test_a_damaged_checkpoint_is_named_set_aside_and_training_begins_anew(task, damage):
    whole = finish(task(results="whole"))
    one = task(results="cut")
    finish(one, StopAfter(20))
    store = Store(one.settings.results)
    path = store.training(one.cell.training_id).checkpoint
    content = path.read_bytes()
    if damage == "foreign":
        torch.save({"format": 1}, path)
    elif damage == "misfit":
        kept = torch.load(path)
        torch.save({**kept, "model": {name: part[:0] for name, part in kept["model"].items()}}, path)
    else:
        middle = len(content) // 2
        rest = b"" if damage == "truncate" else bytes(64) + content[middle + 64 :]
        path.write_bytes(content[:middle] + rest)
    done = finish(one)
    assert untimed(done) == untimed(whole)
    assert "checkpoint.pt is unreadable" in done.notes[0]
    assert (store.folder / "set-aside" / "checkpoint.pt").is_file()


@pytest.mark.parametrize(
    ("model", "status", "reason"),
    [
        ("nan-sample", "failed", "nan-sample.sample returned NaN or infinite values"),
        ("wrong-count", "failed", "returned 9 samples where 8 were asked for"),
        ("wrong-shape", "failed", "returned shape (8, 3, 5, 5): it must be (8, 1, 8, 8)"),
        ("out-of-range", "failed", "returned values in [1.5, 1.5]: images must be in [-1, 1]"),
        ("not-a-tensor", "failed", "returned list: it must return a tensor"),
        ("nan-loss", "diverged", "loss is nan at step 22"),
        ("no-losses", "failed", "training_step returned NoneType"),
        ("raises", "failed", "KeyError: 'a defect of the model' (faulty_models_heavy.py:"),
        ("no-memory", "out_of_memory", "out of memory"),
        ("no-model", "failed", "it must be a genharness.kit.GenerativeModel"),
        ("no-step", "failed", "no_step has no training step"),
        ("other-dtype", "failed", "building other-dtype changed the default dtype from torch.float32 to torch.float64"),
        ("own-threads", "failed", "own_threads's training_step changed the number of threads from 1 to 7"),
        ("own-seed", "failed", "own_seed's training_step changed the seed of torch's random numbers from 0 to 7"),
        ("complex-loss", "failed", "training_step returned a complex 'loss': a loss must be a real number"),
        ("unsaveable", "failed", "unsaveable.training_state holds what a checkpoint cannot"),
    ],
)
def test_a_broken_contract_is_one_line_in_the_record(task, model, status, reason):
    done = finish(task(model))
    assert (done.status, "\n" in done.reason) == (status, False)
    assert reason in done.reason
    assert not done.finished


def test_a_cell_whose_data_stays_on_disk_ends_as_one_whose_data_is_held(task, monkeypatch):
    held = finish(task("gan", budget="6steps", results="held"))
    monkeypatch.setattr(genharness.engine.feed, "_HOST_BYTES", 0)
    read = finish(task("gan", budget="6steps", results="read"))
    assert (read.status, read.reason, read.notes) == ("ok", "", held.notes)
    assert untimed(read) == untimed(held)
    assert read.measurements["step_flops"] == held.measurements["step_flops"] > 0


def test_a_budget_of_operations_ends_with_the_step_that_reaches_it(task):
    one = finish(task("gan", budget="1steps", results="counted"))
    counted = one.measurements["step_flops"]
    each = counted * one.cell.batch_size
    done = finish(task("gan", budget=f"{3.5 * each:.0f}flops"))
    assert (done.status, done.measurements["train_steps"], done.measurements["step_flops"]) == ("ok", 4, counted)


def test_a_budget_of_operations_is_refused_where_they_cannot_be_counted(task, monkeypatch):
    one = task("gan", budget="1e9flops")
    monkeypatch.setattr("genharness.cells.costs.step_work", lambda *_: (0.0, 0.0))
    done = finish(one)
    assert done.status == "failed"
    assert "cannot be given a budget in FLOPs (a step of it has none that torch counts): give it steps" in done.reason
    assert "train_steps" not in done.measurements


@pytest.mark.parametrize(
    ("module", "function", "what", "lost"),
    [
        ("genharness.cells.costs", "sampling_speed", "latency and throughput", "latency_p50_ms"),
        ("genharness.cells.costs", "sampling_operations", "operations of sampling", "sample_flops"),
        ("genharness.cells.costs", "step_work", "operations of a step", "step_flops"),
    ],
)
def test_a_cost_that_cannot_be_measured_is_noted_and_loses_no_score(task, monkeypatch, module, function, what, lost):
    def broken(*_):
        raise RuntimeError("cannot schedule\n new futures")

    monkeypatch.setattr(f"{module}.{function}", broken)
    done = finish(task())
    assert (done.status, set(done.scores)) == ("ok", {"fid"})
    assert f"{what} not measured: RuntimeError: cannot schedule new futures" in done.notes
    assert lost not in done.measurements


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit(), BaseException("hm")], ids=repr)
@pytest.mark.parametrize("where", ["train", "sample"])
def test_whatever_a_model_raises_is_the_cells_failure_where_ctrl_c_is_ignored(task, monkeypatch, error, where):
    module = {"train": "cells.train._Training.finish", "sample": "engine.sampler.Sampler.draw"}[where]
    monkeypatch.setattr(f"genharness.{module}", raising(error))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        done = finish(task())
    finally:
        signal.signal(signal.SIGINT, before)
    assert done.status == "failed"
    assert done.reason.startswith(type(error).__name__)


def test_the_users_ctrl_c_ends_a_cell_that_hears_of_it(task, monkeypatch):
    monkeypatch.setattr("genharness.cells.train._Training.finish", raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        finish(task())


@pytest.mark.parametrize("where", ["cells.train._Training.finish", "cells.score.Scorer._draw"])
def test_results_go_to_their_folder_wherever_a_model_went(task, monkeypatch, tmp_path, where):
    def goes(*_):
        os.chdir("/")
        raise ValueError("lost")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(f"genharness.{where}", goes)
    one = task()
    one = replace(one, settings=replace(one.settings, results=Path("here")))
    done = finish(one)
    assert "its traceback is in here" in done.reason
    assert (tmp_path / "here" / "records" / f"{done.cell.id}.json").is_file()


def test_a_failed_cell_keeps_its_whole_traceback_in_its_folder_until_it_goes_well(task, monkeypatch):
    one = task("raises")
    done = finish(one)
    file = Store(one.settings.results).cell(done.cell.id).traceback
    assert re.search(rf"\(faulty_models_heavy.py:\d+\); its traceback is in {re.escape(str(file))}$", done.reason)
    assert "KeyError: 'a defect of the model'" in file.read_text()
    good = task()
    kept = Store(good.settings.results).cell(good.cell.id).traceback
    kept.parent.mkdir(parents=True)
    kept.write_text("of an earlier attempt")
    assert "traceback" not in finish(good).artefacts
    assert not kept.exists()


def test_steps_that_choose_kernels_change_nothing_but_the_clock(task, monkeypatch):
    cold = finish(task("gan", budget="6steps", results="cold"))
    monkeypatch.setattr(genharness.cells.train, "needs_warm_up", lambda device, compiled: True)
    warm = finish(task("gan", budget="6steps", results="warm"))
    assert untimed(warm) == untimed(cold)
    assert warm.measurements["warm_up_seconds"] > 0
    assert "warm_up_seconds" not in cold.measurements


def test_what_does_not_repeat_is_stamped_where_that_was_asked_for(task, monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # so that it is gone afterwards
    with warnings.catch_warnings():
        try:
            asked = finish(task("unrepeatable", results="asked", settings={"deterministic": True}))
        finally:
            torch.use_deterministic_algorithms(False)
    assert asked.environment["not_deterministic"] == ["put_"]
    assert "not_deterministic" not in finish(task("good")).environment


def test_a_failed_cell_never_counts_as_finished_and_a_finished_one_is_skipped(task):
    from genharness.study.pending import task_state

    registry = load_registry()
    bad, good = task("raises"), task()
    finish(bad)
    finish(good)
    store = Store(good.settings.results)
    assert task_state(bad, store, registry) == "retry"
    assert task_state(good, store, registry) == "finished"


def test_a_metric_that_is_added_later_is_scored_without_training_again(task):
    from genharness.study.pending import task_state

    first = finish(task())
    more = task(metrics=("fid", "prdc"))
    assert task_state(more, Store(more.settings.results), load_registry()) == "score"
    second = finish(more)
    assert second.scores["fid"] == first.scores["fid"]
    assert "coverage" in second.scores
    assert second.measurements["train_seconds"] == first.measurements["train_seconds"]


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        ("checkpoints", {"samples.npz", "features", "checkpoint.pt", "best.pt", "training.json"}),
        ("samples", {"samples.npz", "features"}),
        ("nothing", set()),
    ],
)
def test_only_what_is_wanted_is_kept(task, keep, kept):
    one = task(settings={**SCORED, "keep": keep})
    done = finish(one)
    store = Store(one.settings.results)
    folder, training = store.cell(done.cell.id).path, store.training(done.training).path
    files = [*folder.iterdir(), *(training.iterdir() if training.exists() else ())]
    assert {path.name for path in files if path.suffix != ".png"} == kept
    assert all((folder / name).is_file() for name in done.artefacts.values())


def test_a_metric_added_later_costs_no_score_of_before(task):
    first = finish(task(metrics=("fid", "prdc")))
    second = finish(task(metrics=("fid", "vendi")))
    assert second.scores.keys() > first.scores.keys()
    assert {key: second.scores[key] for key in first.scores} == first.scores


def test_a_failure_while_adding_a_metric_leaves_the_finished_record(task, monkeypatch):
    first = finish(task())

    def refused(*_):
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(genharness.cells.score, "score", refused)
        assert finish(task(metrics=("fid", "vendi"))).status == "out_of_memory"
    assert Store(task().settings.results).load(first.cell.id).scores == first.scores


def test_a_metric_that_raised_is_tried_again_and_one_that_refused_is_not(task):
    registry = load_registry()
    one = task(metrics=("fid", "prdc"))
    done = replace(finish(one), scores={"fid": 1.0})
    assert missing_metrics(one, replace(done, failed={"prdc": "RuntimeError: x"}), registry) == ["prdc"]
    assert missing_metrics(one, replace(done, skipped={"prdc": "k is too large"}), registry) == []


def test_what_json_has_no_form_for_is_a_failed_cell_and_not_a_dead_process(task, monkeypatch):
    monkeypatch.setattr(genharness.cells.cell, "environment", lambda *_, **__: {"odd": object()})
    done = finish(task())
    assert done.status == "failed"
    assert "not JSON serializable" in done.reason


def test_a_full_disk_while_checkpointing_is_one_line_and_the_next_run_goes_on(task, monkeypatch):
    import genharness.engine.checkpoint

    save = torch.save

    def full(content, file):
        if isinstance(file, io.BytesIO):
            return save(content, file)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(genharness.engine.checkpoint.torch, "save", full)
        failed = finish(task())
    assert failed.status == "failed"
    assert "No space left on device" in failed.reason
    assert finish(task()).status == "ok"


def test_a_metric_that_fails_is_noted_and_costs_no_other(task):
    done = finish(task(metrics=("fid", "prdc"), set={**QUICK, "prdc": {"k": 900}}))
    assert "fid" in done.scores
    assert "prdc" in done.skipped
    assert done.status == "ok"


def test_weights_are_looked_for_before_anything_is_trained(task, tmp_path, monkeypatch):
    """With a network the harness would download them: here the only place is a folder without them."""
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(genharness.cells.cell, "train", lambda *_: pytest.fail("it was trained"))
    record = finish(task(features="inception", settings={"weights": tmp_path / "weights"}))
    assert record.status == "failed"
    assert "holds no pt_inception" in record.reason
