"""How options are written on a command line."""

from __future__ import annotations

from genharness.errors import ConfigError, shown

__all__ = ["flag", "parse_setting"]


def flag(name: str) -> str:
    """Return the command-line option of a field: `--protocol-seed`."""
    return f"--{name.replace('_', '-')}"


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
        raise ConfigError(f"{name} {shown(text)!r} must read NAME.OPTION=VALUE, such as {name} dcgan.lr=1e-4")
    return owner, option_name, value.strip()
