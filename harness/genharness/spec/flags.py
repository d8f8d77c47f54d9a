"""How options are written on a command line."""

from __future__ import annotations

from genharness.errors import ConfigError, nearest, shown

__all__ = ["RUN_OPTIONS", "flag", "of_the_run", "parse_setting"]

_SEVERAL = {
    "models": ("vae,dcgan", '["vae", "dcgan"]'),
    "datasets": ("digits,mnist", '["digits", "mnist"]'),
    "seeds": ("0,1,2", "[0, 1, 2]"),
    "budget": ("10epochs,20epochs", '["10epochs", "20epochs"]'),
    "precision": ("fp32,bf16", '["fp32", "bf16"]'),
}
"""What a run may have several of, with some as they are written on a command line and in a suite."""

RUN_OPTIONS = (
    *_SEVERAL,
    *("baselines", "metrics", "protocol", "features", "resize", "samples", "reference", "reference_split"),
    *("protocol_seed", "limit", "fit", "device", "compile", "until_decided", "goal", "margin", "jobs", "threads"),
    *("score_every", "score_metrics", "score_samples", "checkpoint_every", "timeout", "memory_limit", "keep"),
    *("deterministic", "results", "executor", "trackers", "weights", "fresh", "keep_finished", "fail_fast"),
)
"""What can be asked for of a whole run, beside options of its plugins; not `batch_size`, which trained models have."""

_LENGTHS = ("epochs", "steps", "images", "kimg", "seconds", "flops")
_ALIKE = 0.8
"""How much like an option of the run a word must be to be meant as one."""


def flag(name: str) -> str:
    """Return the command-line option of a field: `--protocol-seed`."""
    return f"--{name.replace('_', '-')}"


def of_the_run(word: str) -> str:
    """Return the tail of a message on an option that no plugin has and the whole run has, or nothing.

    Args:
        word: What was written in the place of an option of a plugin.
    """
    name = "budget" if word in _LENGTHS else nearest(word, RUN_OPTIONS, _ALIKE)
    if name is None:
        return ""
    where = "above all tables of a suite"
    if name not in _SEVERAL:
        return f": {name} is an option of the whole run, and has one value: write it {where}, or on the command line"
    line, listed = _SEVERAL[name]
    some = f"{flag(name)} {line}, or {name} = {listed} {where}"
    return f": {name} is an option of the whole run, which runs each of several: write {some}"


def parse_setting(text: str, name: str = "--set") -> tuple[str, str, str]:
    """Split `NAME.OPTION=VALUE`.

    Args:
        text: What was written.
        name: The command-line option that it stands behind.

    Raises:
        ConfigError: If it does not read so.
    """
    target, equals, value = text.partition("=")
    owner, dot, option_name = target.strip().rpartition(".")
    if not (equals and dot and owner and option_name):
        instead = of_the_run(target.strip().replace("-", "_")) if equals and not dot else ""
        raise ConfigError(f"{name} {shown(text)!r} must read NAME.OPTION=VALUE, such as {name} dcgan.lr=1e-4{instead}")
    return owner, option_name, value.strip()
