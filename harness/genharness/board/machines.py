"""Whether what rows cost was measured on one machine."""

from __future__ import annotations

from collections.abc import Iterable

from genharness.board.contest import listed
from genharness.board.rows import Group
from genharness.files.paths import printable
from genharness.spec.record import Record

__all__ = ["note_machines"]

_NAMED = 3


def note_machines(groups: Iterable[Group]) -> None:
    """Note of groups whose rows were trained on several machines that times and memory tell of those, not of models."""
    for group in groups:
        trained = [record for row in group.rows if not row.external for record in row.members.kinds]
        machines = {found for record in trained if any(found := _machine(record))}
        if len(machines) > 1:
            makes = sorted({printable(gpu or cpu or host) for host, cpu, gpu in machines})
            group.notes.append(
                f"times and memory were measured on {len(machines)} machines ({listed(makes, _NAMED)}): "
                "compare them within one"
            )


def _machine(record: Record) -> tuple[str, str, str]:
    host, cpu, gpu = (str(record.environment.get(name) or "") for name in ("hostname", "cpu", "gpu"))
    return host, cpu, gpu
