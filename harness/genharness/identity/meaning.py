"""What a file of Python source does, and what it imports: the values that `genharness.identity.reading` finds."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Import", "Meaning"]


class Import(NamedTuple):
    """One thing that a file imports, as it is written.

    Attributes:
        level: Leading dots of a relative import, 0 for an absolute one.
        module: Dotted name, empty in `from . import x`.
        name: What is taken from the module, `*` for everything, empty for the module itself.
    """

    level: int
    module: str
    name: str = ""


class Meaning(NamedTuple):
    """What a file does.

    Attributes:
        digest: 32 hexadecimal digits of all that it does.
        effects: The same of what it does beyond defining and importing names; empty where that is nothing.
        imports: What it imports anywhere, functions included.
        exports: Names that it only passes on, with where it has them from.
        defined: Names that it defines itself.
        computed: Whether it imports modules by names that are computed.
        files: Names of files that may lie beside it, where it looks for any.
    """

    digest: str
    effects: str
    imports: tuple[Import, ...]
    exports: dict[str, Import]
    defined: frozenset[str]
    computed: bool
    files: tuple[str, ...]
