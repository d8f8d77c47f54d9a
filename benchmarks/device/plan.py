"""The steps, in the order of their worth. Torch-free: what it takes to do one is imported where it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import runs
from journal import Outcome

from genharness.plugin.registry import load_registry

PRECISIONS = ("fp32", "tf32", "bf16")
KERNELS = ("frechet", "prdc", "clipped", "kid", "mind")
FAMILIES = ("dcgan", "vae", "ddpm")
"""One model of every family."""


@dataclass(frozen=True)
class Step:
    """Something to be found out.

    Attributes:
        key: Its name, such as `step/dcgan/bf16`.
        work: `module:function` that a worker calls; empty where the step has a process of its own.
        arguments: Keyword arguments of the function.
        seconds: It is ended after so long.
        own_process: Does it within so many seconds.
        lacks: Why it cannot be done.
        shares: Whether it divides the time that is left with the steps after it that do, too.
    """

    key: str
    work: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 60.0
    own_process: Callable[[float], Outcome] | None = None
    lacks: str = ""
    shares: bool = False

    def share(self, left: float, steps: Sequence[Step]) -> float:
        """Return the seconds that it may take of those that are left, this being the first of `steps`."""
        return left / sum(step.shares for step in steps) if self.shares else min(left, self.seconds)


def steps(device: str, small: bool, out: Path, data: Path | None) -> list[Step]:
    """Return all steps.

    Args:
        device: What is measured.
        small: Whether sizes are tiny.
        out: Where trainings are kept.
        data: Pictures for them, or None.
    """
    where = {"device": device, "small": small}
    return [
        Step("tests", own_process=partial(runs.tests, small=small), seconds=300),
        *_training_steps(where),
        *_kernels("10k", 300 if small else 10_000, where),
        Step("inception", "inception:features", where, seconds=60),
        Step("loop", "loops:harness_beside_bare", where, seconds=60),
        *_latencies(where),
        *_kernels("50k", 400 if small else 50_000, where),
        *_trainings(device, small, out, data or out / "cifar10.npz"),
    ]


def _training_steps(where: Mapping[str, Any]) -> list[Step]:
    models = [spec for spec in load_registry().models.values() if spec.trained]
    found = []
    for spec in models:
        lacks = "" if "image" in spec.modalities else "it makes no images"
        for precision in PRECISIONS:
            no_tf32 = precision == "tf32" and not str(where["device"]).startswith("cuda")
            given = {"name": spec.name, "precision": precision, **where}
            lacking = lacks or ("only CUDA has tf32" if no_tf32 else "")
            found.append(Step(f"step/{spec.name}/{precision}", "models:training", given, lacks=lacking))
    return found


def _latencies(where: Mapping[str, Any]) -> list[Step]:
    long = "many evaluations a sample: too long for a small run" if where["small"] else ""
    return [
        Step(f"latency/{name}", "models:latency", {"name": name, **where}, lacks=long if name == "ddpm" else "")
        for name in FAMILIES
    ]


def _kernels(name: str, rows: int, where: Mapping[str, Any]) -> list[Step]:
    given = {"rows": rows, "columns": 16 if where["small"] else 2048, **where}
    return [
        Step(f"kernel/{kernel}/{name}", "kernels:beside_float64", {"kernel": kernel, **given}) for kernel in KERNELS
    ]


def _trainings(device: str, small: bool, out: Path, data: Path) -> list[Step]:
    dataset, lacks = ("digits", "") if small else (f"npz:{data}", "")
    if not small and not data.is_file():
        lacks = f"{data} is not there: python benchmarks/device/subset.py FOLDER {data}"
    work = partial(runs.training, device=device, dataset=dataset, budget="20steps" if small else "standard")
    names = FAMILIES[1:2] if small else FAMILIES
    return [
        Step(
            f"standard/{name}",
            own_process=partial(work, model=name, results=out / "runs" / device.replace(":", "-")),
            lacks=lacks,
            shares=True,
        )
        for name in names
    ]
