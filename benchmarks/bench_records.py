"""Ten thousand records, and fifty: `leaderboard`, `compare` and `load_results`, each in a process of its own.

There is no peer to compare with; the limit is 500 MiB each. What tells is the processor's seconds, because a busy
machine stretches the wall clock's. `cold` has nothing kept, `shown-before` asks for the very same again; every other
case is another look at an unchanged folder, of which the plain leaderboard was shown before. The intervals are computed
by `first-interval` and kept for `interval`, standings by `cold` and kept for all that follow. The folders take one
minute and five to write and are made once a session.

    pytest benchmarks/bench_records.py -s
    GENHARNESS_BENCH_LARGE=1 pytest benchmarks/bench_records.py -s -k 50000
"""

import math
import os
import random
import subprocess
import sys
import time

import orjson
import pytest

from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.spec.history import History
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record

MODELS = ("vae", "gan", "dcgan", "wgan", "wgan-gp", "sngan", "sn-wgan-gp", "deep-dcgan", "ae", "vq-vae")
DATASETS = 10
VARIATIONS = {10_000: 10, 50_000: 50}
SEEDS = 10
POINTS = 200
SCORES = ("fid", "kid", "precision", "recall", "density", "coverage", "f1", "modes_covered", "mode_kl", "authenticity")
MEASURED = ("train_seconds", "train_images_per_second", "latency_p50_ms", "peak_memory_mib", "parameters")

SCRIPT = """
import io, os, resource, sys, time
start = time.perf_counter(), time.process_time()
{code}
usage = resource.getrusage(resource.RUSAGE_SELF)
wall = time.perf_counter() - start[0]
print(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, file=sys.__stderr__)
"""
COMMAND = """
sys.stdout = open(os.devnull, "w")
sys.argv = ["genharness", *{arguments!r}]
from genharness.cli.main import main
main()
"""


def record(model: str, dataset: int, variation: int, seed: int, protocol: Protocol, draw: random.Random) -> Record:
    """Return a record of the size of a real one: two losses over 200 points, ten scores, an environment."""
    cell = Cell(
        model=model,
        dataset=f"dataset{dataset}",
        seed=seed,
        budget="smoke",
        length="400steps",
        protocol=protocol,
        options={"lr": 10 ** -(2 + variation / 4), "latent": 64, "width": 32, "depth": 3, "beta": 1.0},
        plugins={"model": "genharness 0.1.0", "dataset": "genharness 0.1.0", "extractor": "genharness 0.1.0"},
    )
    losses = {name: [draw.random() for _ in range(POINTS)] for name in ("generator_loss", "critic_loss")}
    return Record(
        cell=cell,
        status="ok",
        scores={name: (1 + variation / 20) * math.exp(draw.gauss(0, 0.1)) for name in SCORES},
        measurements={name: draw.uniform(10, 100) for name in MEASURED},
        protocol=protocol.as_plain(),
        protocol_hash=protocol.hash,
        history=History(losses={"step": [*range(POINTS)], **losses}),
        environment={"cpu": "a processor", "packages": {f"package{i}": "1.0" for i in range(7)}, "threads": 2},
        artefacts={"grid": "grid.png", "checkpoint": "checkpoint.pt"},
    )


LARGE = pytest.mark.skipif("GENHARNESS_BENCH_LARGE" not in os.environ, reason="minutes: set GENHARNESS_BENCH_LARGE=1")


@pytest.fixture(scope="session", params=[10_000, pytest.param(50_000, marks=LARGE)])
def results(request, tmp_path_factory):
    store = Store(tmp_path_factory.mktemp(str(request.param)))
    store.open_for_writing()
    draw = random.Random(0)
    protocol = Protocol(extractor="classifier", sample_count=1000)
    for dataset in range(DATASETS):
        for model in MODELS:
            for variation in range(VARIATIONS[request.param]):
                for seed in range(SEEDS):
                    made = record(model, dataset, variation, seed, protocol, draw)
                    content = orjson.dumps(made.as_plain(), option=orjson.OPT_INDENT_2)  # as `save`, without its fsync
                    store.record_path(made.cell.id).write_bytes(content)
    return store.folder


def leaderboard(*options):
    return lambda folder: COMMAND.format(arguments=["leaderboard", str(folder), *options])


def nothing_kept(home, folder):
    for path in home.glob("tables/*"):
        path.unlink()


def no_text_kept(home, folder):
    for path in home.glob("tables/*.txt"):
        path.unlink()


def no_interval_kept(home, folder):
    no_text_kept(home, folder)
    for path in home.glob("tables/*.intervals"):
        path.unlink()


def one_changed(home, folder):
    path = min((folder / "records").iterdir())
    path.write_bytes(path.read_bytes())
    time.sleep(0.2)  # else its time is too young to be believed


def all_kept(home, folder):
    pass


COMPARED = ["vae lr=0.01", "dcgan lr=0.01", "wgan-gp lr=0.01"]

CASES = {
    "cold": (nothing_kept, leaderboard()),
    "shown-before": (all_kept, leaderboard()),
    "table": (no_text_kept, leaderboard()),
    "json": (no_text_kept, leaderboard("--format", "json")),
    "columns": (no_text_kept, leaderboard("--columns", "fid,kid")),
    "models": (no_text_kept, leaderboard("--models", "vae")),
    "first-interval": (no_interval_kept, leaderboard("--format", "csv", "--interval")),
    "interval": (no_text_kept, leaderboard("--format", "csv", "--interval")),
    "compare": (all_kept, lambda folder: COMMAND.format(arguments=["compare", *COMPARED, "--results", str(folder)])),
    "one-changed": (one_changed, leaderboard()),
    "load_results": (
        all_kept,
        lambda folder: f"import genharness\nassert len(genharness.load_results({str(folder)!r}))",
    ),
}


@pytest.fixture(scope="session")
def kept_home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.mark.parametrize("case", CASES)
def test_many_records(benchmark, results, kept_home, case):
    (prepare, command), measured = CASES[case], []

    def once():
        script = SCRIPT.format(code=command(results))
        home = {**os.environ, "GENHARNESS_HOME": str(kept_home)}
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=home)
        measured.append([float(word) for word in done.stderr.split()[-3:]])

    benchmark.pedantic(once, setup=lambda: prepare(kept_home, results), rounds=3, warmup_rounds=1)
    _, cpu_seconds, peak_mib = (min(values) for values in zip(*measured, strict=True))
    benchmark.extra_info |= {"cpu_seconds": round(cpu_seconds, 2), "peak_mib": round(peak_mib)}
    print(f"\n{case}: {cpu_seconds:.2f} s of CPU, {peak_mib:.0f} MiB at most, in a process of its own")
    assert peak_mib < 500
