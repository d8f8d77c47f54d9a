"""Options of the Slurm executor. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from genharness import ConfigError, option

__all__ = ["SlurmConfig"]


@dataclass(frozen=True)
class SlurmConfig:
    """Options of `slurm`.

    Raises:
        ConfigError: If the grace leaves a job hardly any time.
    """

    minutes: int = option(
        1440, low=1, high=60 * 24 * 365, help="time limit of a job; a cell goes on in another job then"
    )
    memory_gb: float | None = option(None, above=0, high=1e5, help="memory of a job; the partition's own by default")
    grace_seconds: int = option(120, low=10, high=3600, help="before its end a job is told to save its state")
    requeues: int = option(3, low=0, high=1000, help="times that a cell whose time ran out goes on in another job")
    detach: bool = option(False, help="leave once all is submitted; `genharness status` says how it goes")
    cluster: Literal["slurm", "local"] = option(
        "slurm", help="local: processes of this machine, to try jobs without Slurm"
    )

    def __post_init__(self) -> None:
        most = 60 * self.minutes // 5  # submitit takes a signal that comes earlier for preemption, not for lack of time
        if self.grace_seconds > max(most, 10):
            raise ConfigError(
                f"grace_seconds={self.grace_seconds} is too much of minutes={self.minutes}: at most {max(most, 10)}"
            )
