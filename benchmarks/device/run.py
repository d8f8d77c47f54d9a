"""Measure all that is worth knowing of a device, in the order of its worth, within a budget of minutes.

    benchmarks/device/run.sh                            # ten minutes on the first CUDA device
    benchmarks/device/run.sh --minutes 30 --data results/device/cifar10.npz
    benchmarks/device/run.sh --small                    # the same in small on the CPU, under two minutes
    benchmarks/device/run.sh --only 'step/*/bf16' --again

Tests that need the device; steps of every model in every precision; metric kernels beside float64 on the CPU;
Inception; the harness beside a bare loop; latency; then trainings of the `standard` budget while there is time.

After every step a line is printed and `NAME.json` and `NAME.md` are written whole, so that a run that is cut off keeps
what it has. Called again, it goes on with what has not ended well, by the same code. Nothing is installed or
downloaded; what cannot be done is skipped and said. Pictures to train on are made by `subset.py`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from journal import Journal, Outcome  # noqa: E402
from plan import Step, steps  # noqa: E402
from worker import Worker  # noqa: E402

from genharness.engine.waiting import settle_waiting  # noqa: E402

LEAST_SECONDS = 3.0
"""With less time left nothing is begun."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help="time for everything (10)")
    parser.add_argument("--device", default="", help="such as cuda:1; cuda, and with --small cpu")
    parser.add_argument("--small", action="store_true", help="tiny sizes: whether the script itself works")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "device", help="folder of what is written")
    parser.add_argument("--name", default="", help="of the files there; that of the device")
    parser.add_argument("--data", type=Path, help="pictures to train on; cifar10.npz of the folder")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="steps, such as 'kernel/*'")
    parser.add_argument("--again", action="store_true", help="do again what has been done")
    return parser.parse_args()


def main() -> int:
    wanted = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    settle_waiting()
    if wanted.small:  # networks so small that a second thread only waits for the first
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    device = wanted.device or ("cpu" if wanted.small else "cuda")
    end = time.monotonic() + 60 * wanted.minutes
    with Worker() as worker:
        stamp = worker.call("machine:stamp", {"device": device}, 120)
        if stamp.status != "ok":
            print(f"{device}: {stamp.reason}")
            return 1
        name = wanted.name or str(stamp.figures["device"]) + ("-small" if wanted.small else "")
        journal = Journal(wanted.out, name, stamp.figures)
        print(f"{name}: {journal.path}", flush=True)
        plan = [step for step in steps(device, wanted.small, wanted.out, wanted.data) if fnmatch(step.key, wanted.only)]
        for place, step in enumerate(plan):
            if not wanted.again and journal.has(step.key):
                print(f"{step.key}: as it is in {journal.path.name}", flush=True)
                continue
            outcome = _done(step, worker, step.share(end - time.monotonic(), plan[place:]))
            print(journal.note(step.key, outcome), flush=True)
    print(journal.summary([step.key for step in plan]))
    return int(journal.failed([step.key for step in plan]))


def _done(step: Step, worker: Worker, seconds: float) -> Outcome:
    if step.lacks:
        return Outcome("skipped", reason=step.lacks)
    if seconds < LEAST_SECONDS:
        return Outcome("skipped", reason="no time left: run again, or give more --minutes")
    if step.own_process is not None:
        return step.own_process(seconds)
    return worker.call(step.work, step.arguments, seconds)


if __name__ == "__main__":
    sys.exit(main())
