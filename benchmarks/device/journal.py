"""What has been found so far: a JSON file for programs, a page of tables for people, both whole at any moment."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from genharness.files.atomic import write_bytes

Figure = float | str | bool | None
Status = Literal["ok", "failed", "skipped", "timeout", "interrupted"]


@dataclass(frozen=True)
class Outcome:
    """How a step ended.

    Attributes:
        status: `interrupted` goes on where it stopped when it is called again.
        reason: Why it is not `ok`.
        seconds: How long it took.
        figures: What it found.
        code: Commit by which it was found.
    """

    status: Status
    reason: str = ""
    seconds: float = 0.0
    figures: Mapping[str, Figure] = field(default_factory=dict)
    code: str | None = None


class Journal:
    """The outcomes of a device.

    Args:
        folder: Where its files are.
        name: Of the files; what is no letter or digit becomes a hyphen.
        machine: What it runs on.
    """

    def __init__(self, folder: Path, name: str, machine: Mapping[str, Any]) -> None:
        self.name = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        self.path = folder / f"{self.name}.json"
        self._machine = dict(machine)
        self._steps: dict[str, Outcome] = {}
        folder.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            found = json.loads(self.path.read_text())["steps"]
            self._steps = {key: Outcome(**values) for key, values in found.items()}

    @property
    def _code(self) -> str | None:
        return self._machine.get("git_commit")

    def has(self, key: str) -> bool:
        """Whether a step has ended well, by the code of now."""
        found = self._steps.get(key)
        return found is not None and found.status == "ok" and found.code == self._code

    def note(self, key: str, outcome: Outcome) -> str:
        """Keep an outcome and return its line; a figure that is there is not lost to a step that found none."""
        before = self._steps.get(key)
        if outcome.figures or before is None or not before.figures:
            self._steps[key] = Outcome(**{**asdict(outcome), "code": self._code})
        plain = {"name": self.name, "machine": self._machine, "steps": {k: asdict(v) for k, v in self._steps.items()}}
        write_bytes(self.path, (json.dumps(plain, indent=1) + "\n").encode())
        write_bytes(self.path.with_suffix(".md"), self.page().encode())
        said = ", ".join(f"{name} {_text(value)}" for name, value in outcome.figures.items())
        ended = outcome.status + (f" ({outcome.reason})" if outcome.reason else "")
        return f"{key}: {ended} in {outcome.seconds:.1f} s{': ' if said else ''}{said}"

    def failed(self, keys: Iterable[str]) -> bool:
        """Whether any of these steps went wrong."""
        return any(self._steps[key].status in ("failed", "timeout") for key in keys if key in self._steps)

    def summary(self, keys: Iterable[str]) -> str:
        """Say how many of these steps ended how."""
        counts = Counter(self._steps[key].status for key in keys if key in self._steps)
        return (
            ", ".join(f"{number} {status}" for status, number in counts.items()) + f": {self.path.with_suffix('.md')}"
        )

    def page(self) -> str:
        """Return the tables as Markdown, one for the steps of each kind."""
        kinds: dict[str, dict[str, Outcome]] = {}
        for key, outcome in self._steps.items():
            kind, _, rest = key.partition("/")
            kinds.setdefault(kind, {})[rest or kind] = outcome
        packages = self._machine.get("packages", {})
        about = f"torch {packages.get('torch')}, CUDA {self._machine.get('cuda')}, {self._machine.get('platform')}"
        tables = [f"## {kind}\n\n{_table(rows)}" for kind, rows in kinds.items()]
        return "\n".join([f"# {self._machine.get('device')}\n\n{about}; commit {self._code}\n", *tables])


def _table(rows: Mapping[str, Outcome]) -> str:
    names = list(dict.fromkeys(name for outcome in rows.values() for name in outcome.figures))
    lines = [["what", *names, "ended"], ["---"] * (len(names) + 2)]
    for what, outcome in rows.items():
        ended = outcome.status + (f": {outcome.reason}" if outcome.reason else "")
        lines.append([what, *(_text(outcome.figures.get(name)) for name in names), ended.replace("|", "/")])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _text(value: Figure) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return "" if value is None else str(value)
