"""`genharness run` as a user meets it: a process of its own, its exit code, its one-line errors."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from background import runs, wait_for

INTERVAL = "must be a positive interval such as 5epochs, 1000steps or 50kimg"
QUICK = ["--datasets", "digits", "--metrics", "fid", "--samples", "100", "--set", "classifier.steps=20"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return str(tmp_path_factory.mktemp("home"))


@pytest.fixture
def start(tmp_path, home):
    with runs(tmp_path, home) as begin:
        yield begin


def records(folder):
    plain = [json.loads(path.read_text()) for path in Path(folder).glob("records/[!.]*.json")]
    return {one["cell"]["model"]: one for one in plain}


def repeatable(record):
    return record["scores"], record["history"]["losses"], record["protocol_hash"], record["measurements"]["train_steps"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--no-baselines", "--models", "dcgna"], "unknown model 'dcgna'; did you mean 'dcgan'?"),
        (["--datasets", "digts"], "unknown dataset 'digts'; did you mean 'digits'?"),
        (["--metrics", "prcd"], "unknown metric 'prcd'; did you mean 'prdc'?"),
        (["--features", "inceptoin"], "unknown extractor 'inceptoin'; did you mean 'inception'?"),
        (["--set", "vae.latnt=3"], "vae has no option 'latnt'; did you mean 'latent'?"),
        (["--set", "vae.latent=-3"], "vae.latent=-3 is out of range"),
        (["--set", "vae.latent=many"], "vae.latent=many is not a whole number"),
        (["--set", "vae.batch_size=9999"], "batch of 9999 is larger than"),
        (["--set", "nonsense"], "must read NAME.OPTION=VALUE"),
        (["--no-baselines", "--models", ""], "no model was named"),
        (["--no-baselines", "--models", "x*"], "no model fits the pattern 'x*'"),
        (["--seeds", "0,x"], "--seeds=0,x must be a count such as 3, or different whole numbers"),
        (["--memory-limit", "lots"], "--memory-limit=lots is no amount of memory: write it as 512MiB or 4GiB"),
        (["--until-decided"], "digits has 1 trained row, and nothing is to be decided of it: name more models"),
        (["--sweep", "vae.lr=1e-3", "--sweep", "vae.lr=1e-4"], "--sweep vae.lr was given twice: leave one out, or"),
        (["--set", "vae.lr=1e-5..1e-2"], "vae.lr=1e-5..1e-2 is no range: write LOW..HIGH:POINTS"),
        (["--budget", "long"], "--budget=long is none of smoke"),
        (["--device", "gpu"], "--device=gpu is none of auto, cpu, cuda"),
        (["--score-metrics", "fid,kidd"], "--score-metrics kidd is no metric of this run; did you mean 'kid'?"),
        (["--score-every", "smoke"], f"--score-every=smoke {INTERVAL}"),
        (["--jobs", "1e9"], "--jobs=1e9 is out of range: it must be >= 1, <= 100000"),
        (["--timeout", "nan"], "--timeout=nan is not a number"),
        (["--reference-split", "nope"], "digits has no split 'nope' to compare with"),
        (["--results", "a" * 300], "is no possible path (File name too long): name another"),
        (["--datasets", "folder:fo\udcffto"], "is no text in UTF-8"),
        (["absent.toml"], "cannot read the suite absent.toml"),
        (["--results", "a-file"], "results path a-file is a file"),
        (["--executor", "lokal"], "unknown executor 'lokal'; did you mean 'local'?"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(genharness, tmp_path, arguments, message):
    (tmp_path / "a-file").write_text("")
    done = genharness("run", "--no-baselines", "--models", "vae", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} <= {"a-file", "site"}


def test_every_mistake_of_every_source_is_told_at_once(genharness, tmp_path):
    (tmp_path / "study.toml").write_text('models = ["dcgna"]\ndatasets = ["digits"]\nprecision = "BF16"\n')
    here = ["--samples", "1", "--timeout", "-1", "--device", "gpu", "--set", "vae", "--set", "nobody.x=1"]
    done = genharness("run", "study.toml", *here, "--executor", "lokal", "--tracker", "diary", "--features", "pixls")
    starts = [
        "--set 'vae' must read",
        "study.toml: precision=BF16 is not one of",
        "--samples=1 is out of range",
        "--device=gpu is none of",
        "--timeout=-1 is out of range",
        "unknown executor 'lokal'",
        "unknown tracker 'diary'",
        "unknown model 'dcgna'",
        "--set nobody: nothing is called so",
        "unknown extractor 'pixls'",
    ]
    lines = done.stderr.splitlines()
    assert [line[: len(start) + 7] for line, start in zip(lines, starts, strict=True)] == [
        f"error: {s}" for s in starts
    ]
    assert done.returncode == 2


def test_the_largest_seeds_train_and_score(genharness, tmp_path, home):
    largest = str(2**64 - 1)
    metrics = ["--metrics", "fid,kid,bins,memorisation"]
    own = [
        *metrics,
        "--samples",
        "100",
        "--no-baselines",
        "--models",
        "vae",
        "--seeds",
        f"{largest},1",
        "--protocol-seed",
        largest,
    ]
    done = genharness(
        "run", "--datasets", "digits", "--features", "pixels", "--budget", "5steps", *own, GENHARNESS_HOME=home
    )
    assert done.returncode == 0, done.stderr
    plain = [json.loads(path.read_text()) for path in (tmp_path / "results" / "records").glob("*.json")]
    assert {one["cell"]["seed"] for one in plain} == {2**64 - 1, 1}
    assert all(one["scores"]["fid"] is not None and not one["skipped"] for one in plain)


def test_a_plan_trains_and_writes_nothing(genharness, tmp_path):
    done = genharness("run", "--no-baselines", "--models", "all", "--datasets", "digits,breast-cancer", "--plan")
    assert done.returncode == 0
    assert "nothing was trained" in done.stdout
    assert "dcgan on breast-cancer: makes image data" in done.stdout
    assert not list(tmp_path.iterdir())


def test_a_plan_is_json_for_programs(genharness, tmp_path):
    asked = ["run", "--models", "vae,acgan", "--datasets", "digits,breast-cancer", "--set", "vae.lr=1e-3,2e-3"]
    plain = json.loads(genharness(*asked, "--budget", "9steps", "--no-baselines", "--plan", "--format", "json").stdout)
    assert sorted((one["model"], one["dataset"], one["option.lr"], one["left"]) for one in plain["cells"]) == [
        ("acgan", "digits", 2e-4, "new"),
        *(("vae", dataset, lr, "new") for dataset in ("breast-cancer", "digits") for lr in (1e-3, 2e-3)),
    ]
    assert plain["cells_left"] == 5
    assert plain["seconds"] == pytest.approx(sum(one["seconds"] for one in plain["cells"]))
    assert [(one["model"], one["dataset"]) for one in plain["skipped"]] == [("acgan", "breast-cancer")]
    assert not plain["at_most"]
    refused = genharness(*asked, "--format", "json")
    assert refused.returncode == 2
    assert "error: --format=json is of --plan: give that too" in refused.stderr
    assert not (tmp_path / "results").exists()


def test_a_plan_until_decided_has_the_cells_that_it_may_come_to(genharness):
    done = genharness("run", "--models", "vae,ae", "--budget", "3steps", "--seeds", "5", "--until-decided", "--plan")
    assert "16 cells" in done.stdout  # of each model five, of real and noise those of the first look
    assert "at most about" in done.stdout


def test_a_run_ranks_and_a_second_one_skips_what_is_finished(genharness, tmp_path, home):
    first = genharness(
        "run", *QUICK, "--no-baselines", "--models", "vae,real,noise", "--budget", "30steps", GENHARNESS_HOME=home
    )
    assert first.returncode == 0, first.stderr
    assert set(records(tmp_path / "results")) == {"vae", "real", "noise"}
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "results" / "records").iterdir()}
    again = genharness(
        "run", *QUICK, "--no-baselines", "--models", "vae,real,noise", "--budget", "30steps", GENHARNESS_HOME=home
    )
    assert again.returncode == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "results" / "records").iterdir()} == before
    planned = genharness(
        "run", *QUICK, "--no-baselines", "--models", "vae", "--budget", "30steps", "--plan", GENHARNESS_HOME=home
    )
    assert "skip: finished" in planned.stdout


def test_each_death_is_one_record_with_its_reason_and_the_others_go_on(genharness, tmp_path, home, faulty):
    models = "raises,killed,exits,no-memory,nan-loss,good"
    done = genharness("run", *QUICK, "--no-baselines", "--models", models, GENHARNESS_HOME=home)
    found = {model: (one["status"], one["reason"]) for model, one in records(tmp_path / "results").items()}
    assert done.returncode == 2
    assert found["good"][0] == "ok"
    assert found["raises"][0] == "failed"
    assert "a defect of the model" in found["raises"][1]
    assert found["killed"][0] == "failed"
    assert "SIGKILL" in found["killed"][1]
    assert found["exits"] == ("failed", "its process ended at train with exit code 3 and no record")
    assert found["no-memory"][0] == "out_of_memory"
    assert found["nan-loss"][0] == "diverged"
    assert all(f"{model} on digits, seed 0" in done.stderr for model in found if model != "good")


def test_a_cell_that_takes_too_long_is_ended_and_says_so(genharness, tmp_path, home, faulty):
    done = genharness("run", *QUICK, "--no-baselines", "--models", "hangs", "--timeout", "5", GENHARNESS_HOME=home)
    assert done.returncode == 2
    found = records(tmp_path / "results")["hangs"]
    assert found["status"] == "timeout"
    assert found["reason"].startswith("it took longer than the limit of 5 s, at ")


def test_fail_fast_starts_nothing_after_a_failure(genharness, tmp_path, home, faulty):
    done = genharness("run", *QUICK, "--no-baselines", "--models", "raises,good", "--fail-fast", GENHARNESS_HOME=home)
    assert done.returncode == 2
    assert set(records(tmp_path / "results")) == {"raises"}


def test_cells_can_run_side_by_side(genharness, tmp_path, home):
    done = genharness(
        "run", *QUICK, "--no-baselines", "--models", "real,noise,memoriser", "--jobs", "3", GENHARNESS_HOME=home
    )
    assert done.returncode == 0, done.stderr
    assert set(records(tmp_path / "results")) == {"real", "noise", "memoriser"}


LONG = [
    *QUICK,
    "--no-baselines",
    "--models",
    "vae",
    "--budget",
    "1500steps",
    "--set",
    "vae.width=8",
    "--checkpoint-every",
    "0",
]


@pytest.mark.slow
def test_a_run_killed_in_the_middle_goes_on_to_the_record_of_an_undisturbed_one(genharness, start, tmp_path, home):
    running = start(*LONG, "--results", "cut")
    wait_for(lambda: list(tmp_path.glob("cut/trainings/*/checkpoint.pt")))
    time.sleep(1.0)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert not list(tmp_path.glob("cut/records/[!.]*.json"))
    for results in ("cut", "whole"):
        done = genharness("run", *LONG, "--results", results, GENHARNESS_HOME=home, OMP_NUM_THREADS="1")
        assert done.returncode == 0, done.stderr
    cut, whole = records(tmp_path / "cut")["vae"], records(tmp_path / "whole")["vae"]
    assert repeatable(cut) == repeatable(whole)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_stop_saves_the_state_and_says_how_to_go_on(start, tmp_path, number):
    running = start(*LONG, "--budget", "90s", "--results", "r")
    wait_for(lambda: list(tmp_path.glob("r/trainings/*/checkpoint.pt")))
    os.killpg(running.pid, number)
    assert running.wait(timeout=60) == 130
    assert "run the same command again to go on" in "\n".join(running.lines())
    assert records(tmp_path / "r")["vae"]["status"] == "interrupted"


@pytest.mark.slow
def test_two_runs_share_a_results_folder_and_train_each_cell_once(start, tmp_path):
    arguments = [*QUICK, "--no-baselines", "--models", "vae,noise", "--budget", "200steps", "--results", "shared"]
    both = [start(*arguments), start(*arguments)]
    assert [run.wait(timeout=240) for run in both] == [0, 0]
    assert {model: one["status"] for model, one in records(tmp_path / "shared").items()} == {"vae": "ok", "noise": "ok"}
    assert sum("vae on digits, seed 0: train" in "\n".join(run.lines()) for run in both) == 1


def test_a_corrupt_record_is_named_and_done_again(genharness, tmp_path, home):
    genharness("run", *QUICK, "--no-baselines", "--models", "noise", GENHARNESS_HOME=home)
    (path,) = (tmp_path / "results" / "records").iterdir()
    path.write_text("{")
    done = genharness("run", *QUICK, "--no-baselines", "--models", "noise", GENHARNESS_HOME=home)
    assert done.returncode == 0
    assert f"{path.name} is unreadable" in done.stderr
    assert json.loads(path.read_text())["status"] == "ok"


TRACKER = """
from dataclasses import dataclass
from genharness import TrackerSpec, hookimpl, option

@dataclass(frozen=True)
class LinesConfig:
    file: str = option("lines.txt", help="where the lines go")

@hookimpl
def genharness_trackers():
    factory = "line_tracker_heavy:Lines"
    return [TrackerSpec(name="lines", summary="A line for everything", factory=factory, config=LinesConfig)]
"""
TRACKER_CLASS = """
class Lines:
    def __init__(self, config):
        self.file = open(config.file, "w")
    def start(self, tasks):
        print("start", len(tasks), file=self.file)
    def event(self, event):
        print("event", event.phase, file=self.file)
    def record(self, record):
        print("record", record.cell.model, record.status, file=self.file)
    def finish(self):
        print("finish", file=self.file)
        self.file.close()
"""


def test_a_strangers_tracker_hears_of_everything_in_order(genharness, tmp_path, home, make_plugin):
    make_plugin("line-tracker", TRACKER, heavy=TRACKER_CLASS)
    own = ["--tracker", "lines", "--set", "lines.file=news.txt"]
    done = genharness("run", *QUICK, "--no-baselines", "--models", "noise", *own, GENHARNESS_HOME=home)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "news.txt").read_text().splitlines()
    assert lines[0] == "start 1"
    assert "event sample" in lines
    assert lines[-2:] == ["record noise ok", "finish"]
