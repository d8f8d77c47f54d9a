"""The listeners of a run, each on its own: one that raises is switched off, and costs no cell."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence

from genharness.plugin.blame import one_line
from genharness.plugin.containment import leaving_the_process_alone
from genharness.plugin.execution import Event, Tracker
from genharness.spec.cell import Task
from genharness.spec.record import Record

__all__ = ["Trackers"]


class Trackers:
    """Passes on what happens to every tracker that still works.

    Args:
        trackers: Trackers by name.
        say: Told one line of each tracker that is switched off.
    """

    def __init__(self, trackers: Mapping[str, Tracker], say: Callable[[str], None]) -> None:
        self._trackers = dict(trackers)
        self._say = say

    def start(self, tasks: Sequence[Task]) -> None:
        """Say that a run begins."""
        self._tell(lambda tracker: tracker.start(tasks))

    def event(self, event: Event) -> None:
        """Pass an event on."""
        self._tell(lambda tracker: tracker.event(event))

    def record(self, record: Record) -> None:
        """Pass a record on."""
        self._tell(lambda tracker: tracker.record(copy.deepcopy(record)))  # it is still to be read here

    def finish(self) -> None:
        """Say that the run is over."""
        self._tell(lambda tracker: tracker.finish())

    def _tell(self, call: Callable[[Tracker], None]) -> None:
        for name, tracker in list(self._trackers.items()):
            try:
                with leaving_the_process_alone():
                    call(tracker)
            except KeyboardInterrupt:  # the user's second Ctrl-C, wherever it strikes
                raise
            except BaseException as error:  # a plugin may raise anything, SystemExit too; the run goes on without it
                del self._trackers[name]
                self._say(f"tracker {name} is switched off: {one_line(error)}")
