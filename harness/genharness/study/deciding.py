"""Seeds only where a question is open: which cells the next look needs, and what it says. Torch-free.

Every look is an ordinary run of more seeds, of the rows alone that are still open. What a look decides hangs on the
scores of its cells and on nothing else, so a study that is killed and goes on decides the same.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from genharness.errors import ConfigError
from genharness.plugin.registry import Registry
from genharness.results.decisions import KeptDecisions, kept_decisions, load_decisions, save_decisions
from genharness.results.store import Store
from genharness.spec.cell import Task
from genharness.spec.columns import Column
from genharness.spec.protocol import short_hash
from genharness.spec.record import Record
from genharness.stats.sequential import Decisions, SeedPlan
from genharness.stats.sequential_words import answer_lines, look_line, plan_line
from genharness.stats.values import LARGEST
from genharness.study.pending import Pending
from genharness.study.suite import Suite
from genharness.study.variants import told_apart

__all__ = ["SeedQuestion", "ahead", "rounds", "seed_questions"]

_SPENT = ("diverged", "timeout")
"""How a cell can end that depends on the course of its seed: it counts as a seed without a score."""

Left = Callable[[Sequence[Task]], Sequence[Pending]]
"""Returns what is left of tasks, in their order."""


@dataclass(frozen=True)
class SeedQuestion:
    """One question on one dataset.

    Attributes:
        column: The score that decides.
        rows: Tasks of every row, in the order of the seeds.
        kept: The plan and what was decided.
    """

    column: Column
    rows: Mapping[str, Sequence[Task]]
    kept: KeptDecisions

    @property
    def decisions(self) -> Decisions:
        """What was decided so far."""
        return self.kept.decisions

    @property
    def cells(self) -> set[str]:
        """Ids of the cells that it may come to."""
        return {cell for cells in self.kept.cells.values() for cell in cells}

    @property
    def next_tasks(self) -> list[Task]:
        """What the next look is taken of; nothing where there is none."""
        if self.decisions.over:
            return []
        seeds = self.decisions.plan.looks[self.decisions.reached]
        return [self.rows[row][place] for place in range(seeds) for row in self.decisions.open_rows()]

    @property
    def cells_ahead(self) -> set[str]:
        """Ids of the cells that it may still come to: those of the rows that are open."""
        rows = [] if self.decisions.over else self.decisions.open_rows()
        return {cell for row in rows for cell in self.kept.cells[row]}

    @property
    def plan_line(self) -> str:
        """What is decided, and what it may cost."""
        return plan_line(self.decisions.plan, self.kept.title, self.kept.dataset)

    @property
    def going_on(self) -> str:
        """How many looks were taken; nothing before the first."""
        reached, looks = self.decisions.reached, len(self.decisions.plan.looks)
        return f"going on after look {reached} of {looks}" if reached else ""

    @property
    def plan_lines(self) -> list[str]:
        """The plan, and how far it has come: looks that were taken, or the answer."""
        come = self.answer if self.decisions.over else [self.going_on] if self.going_on else []
        return [self.plan_line, *come]

    @property
    def answer(self) -> list[str]:
        """What was decided, and what it cost, a line each."""
        plan, trained = self.decisions.plan, self._cells_used()
        lost = {row: (counts[0], counts[1]) for row, counts in self.kept.lost.items()}
        most = len(plan.rows) * plan.looks[-1]
        lines = answer_lines(self.decisions, self.kept.title, lost)
        return [*lines, f"{trained} of {most} cells were needed"]

    def _cells_used(self) -> int:
        return sum(counts[1] for counts in self.kept.lost.values())


def seed_questions(
    suite: Suite, tasks: Sequence[Task], column: Column, store: Store, registry: Registry, *, fresh: bool
) -> list[SeedQuestion]:
    """Return the questions of a study, one for each dataset, each as far as it has come before.

    Args:
        suite: What was asked for.
        tasks: Every cell that the study may come to.
        column: The score that decides.
        store: Where results are.
        registry: What is installed.
        fresh: Whether to begin anew.

    Raises:
        ConfigError: For every dataset with too few rows to compare.
        RunError: If decisions were kept and cannot be read.
    """
    datasets: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        if registry.models.find(task.cell.model).trained:
            datasets[task.cell.dataset].append(task)
    if not datasets:
        raise ConfigError("--until-decided: no model is trained, so there is nothing to decide")
    found = [_question(suite, dataset, own, column, store) for dataset, own in datasets.items()]
    return found if fresh else [_resumed(one, store) for one in found]


def _question(suite: Suite, dataset: str, tasks: Sequence[Task], column: Column, store: Store) -> SeedQuestion:
    rows = _rows(tasks)
    plan = SeedPlan(
        rows=tuple(rows),
        goal=suite.goal,
        limit=len(suite.seeds),
        margin=suite.margin or 0.0,
        higher_is_better=bool(column.higher_is_better),
        ratio=column.ratio,
    )
    if len(rows) < 2 or (plan.goal.startswith("top") and plan.places >= len(rows)):
        few = ", and nothing is to be decided of it" if len(rows) < 2 else f", and --goal {plan.goal} needs more"
        raise ConfigError(
            f"--until-decided: {dataset} has {len(rows)} trained row{'s'[: len(rows) > 1]}{few}: "
            "name more models, or several values of an option"
        )
    known = set(store.ids())
    kept = KeptDecisions(
        dataset=dataset,
        metric=column.key,
        title=column.titles.get(tasks[0].cell.protocol.extractor, column.title),
        cells={row: [task.cell.id for task in own] for row, own in rows.items()},
        decisions=Decisions(plan=plan),
        had_seeds=tuple(row for row, own in rows.items() if any(task.cell.id in known for task in own)),
    )
    return SeedQuestion(column, rows, kept)


def _rows(tasks: Sequence[Task]) -> dict[str, list[Task]]:
    """Return the tasks of each row by its name, in the order of the seeds that the suite has."""
    names = told_apart([task.cell for task in tasks])
    rows: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        rows[short_hash(replace(task.cell, seed=0).identity)].append(task)
    words = {key: names[own[0].cell.id] for key, own in rows.items()}
    several = {name for name, count in Counter(words.values()).items() if count > 1}
    return {f"{name} {key}" if (name := words[key]) in several else name: own for key, own in rows.items()}


def _resumed(question: SeedQuestion, store: Store) -> SeedQuestion:
    kept = load_decisions(store.folder, question.kept.name)
    return question if kept is None else replace(question, kept=kept)


def ahead(tasks: Sequence[Pending], questions: Sequence[SeedQuestion]) -> list[Pending]:
    """Return the tasks that are finished or may still be run: a row that is decided gets no more seeds.

    Args:
        tasks: Of a plan.
        questions: What is to be decided by them.
    """
    competing = {cell for one in questions for cell in one.cells}
    may_come = {cell for one in questions for cell in one.cells_ahead}
    return [one for one in tasks if one.done or one.task.cell.id not in competing - may_come]


def begin_lines(question: SeedQuestion, store: Store) -> list[str]:
    """Return what is to be known before a question is looked at: its plan, and looks that do not count."""
    lines = [question.plan_line]
    kept = question.kept
    if question.going_on:
        return [*lines, question.going_on]
    if kept.had_seeds:
        lines.append(f"{_listed(kept.had_seeds)} had seeds before this plan was made; looks before it are not counted")
    mine = {cell for cells in kept.cells.values() for cell in cells}
    for other in kept_decisions(store.folder):
        theirs = {cell for cells in other.cells.values() for cell in cells}
        if other.name != kept.name and other.metric == kept.metric and other.decisions.reached and mine & theirs:
            lines.append(
                f"new family: {other.decisions.reached} looks of another plan at some of these rows do not count"
            )
    return lines


def rounds(
    questions: Iterable[SeedQuestion], others: Sequence[Task], left: Left, store: Store, say: Callable[[str], None]
) -> Iterator[list[Task]]:
    """Yield what is to be run, look after look; what was run must be in the store before the next is asked for.

    Args:
        questions: What is to be decided.
        others: Tasks of rows that do not compete, which are run at the first look.
        left: Says what is left of tasks.
        store: Where the records are.
        say: Told what every look decides.
    """
    open_ones = list(questions)
    for one in open_ones:
        for line in begin_lines(one, store):
            say(line)
        if not one.decisions.reached:  # killed before its first look, it would find its own seeds and say they had been
            save_decisions(store.folder, one.kept)
    tried: set[str] = set()
    first = list(others)
    while open_ones or first:
        asked = {task.cell.id: task for one in open_ones for task in one.next_tasks}
        found = left([*asked.values(), *first])
        todo = [
            one.task for one in found if not one.done and one.task.cell.id not in tried and not _is_spent(one, store)
        ]
        tried |= {task.cell.id for task in todo}
        if todo:
            yield todo
        first = []
        places = {cell_id: one.task.cell.id for cell_id, one in zip(asked, found, strict=False)}
        open_ones = [after for one in open_ones if (after := _look(one, places, store, say)) is not None]


def _is_spent(one: Pending, store: Store) -> bool:
    record = store.load(one.task.cell.id) if one.state in ("retry", "resume") else None
    return record is not None and record.status in _SPENT


def _look(
    question: SeedQuestion, places: Mapping[str, str], store: Store, say: Callable[[str], None]
) -> SeedQuestion | None:
    """Take the next look, keep it and tell it; return None where the question is answered, or must wait."""
    decisions = question.decisions
    if not decisions.over:
        seen = {row: _seen(question, row, places, store) for row in decisions.open_rows()}
        waiting = [row for row, one in seen.items() if one.missing and not one.closed]
        if waiting:
            cells = sum(one.missing for one in seen.values())
            say(f"look {decisions.reached + 1} waits for {cells} cells of {_listed(waiting)}: run this command again")
            return None
        decisions = decisions.after(
            {row: one.scores for row, one in seen.items()},
            resolution=max((one.resolution for one in seen.values()), default=0.0),
            closed={row: one.closed for row, one in seen.items() if one.closed},
        )
        lost = {**question.kept.lost, **{row: (one.diverged, one.seeds) for row, one in seen.items()}}
        question = replace(question, kept=replace(question.kept, decisions=decisions, lost=lost))
        save_decisions(store.folder, question.kept)
        say(look_line(decisions))
    if not decisions.over:
        return question
    for line in question.answer:
        say(line)
    return None


@dataclass(frozen=True)
class _Seen:
    """What a look finds of a row.

    Attributes:
        scores: Finite ones, in the order of the seeds.
        diverged: Seeds without one.
        missing: Cells that did not end in a way that says anything of the row.
        seeds: Cells that were looked at.
        closed: Why the row gets no more seeds, or empty.
        resolution: Smallest step of its score.
    """

    scores: Sequence[float]
    diverged: int
    missing: int
    seeds: int
    closed: str
    resolution: float


def _seen(question: SeedQuestion, row: str, places: Mapping[str, str], store: Store) -> _Seen:
    seeds = question.decisions.plan.looks[question.decisions.reached]
    records = [store.load(places[task.cell.id]) for task in question.rows[row][:seeds]]
    ended = [record for record in records if record is not None and (record.finished or record.status in _SPENT)]
    finished = [record for record in ended if record.finished]
    found = [record.scores.get(question.column.key) for record in finished]
    scores = [value for value in found if value is not None and abs(value) < LARGEST]
    return _Seen(
        scores=scores,
        diverged=len(ended) - len(scores),
        missing=len(records) - len(ended),
        seeds=len(records),
        closed=_why_closed(records, ended, finished, scores),
        resolution=max((_resolution(record, question.column) for record in finished), default=0.0),
    )


def _why_closed(
    records: Sequence[Record | None], ended: Sequence[Record], finished: Sequence[Record], scores: Sequence[float]
) -> str:
    failed = [record for record in records if record is not None and record.status in ("out_of_memory", "failed")]
    if len(failed) == len(records):
        return f"cannot be run: {failed[0].reason}"
    if len(ended) == len(records) and not finished:
        return f"diverges: {len(ended)} of {len(ended)} seeds did"
    if len(ended) == len(records) and not scores:
        return f"has no score: {len(ended)} of {len(ended)} seeds diverged or it is undefined"
    return ""


def _resolution(record: Record, column: Column) -> float:
    """Return the smallest step between two values of a score."""
    if not isinstance(column.resolution, str):
        return column.resolution
    return 1 / (record.facts.get(column.resolution) or record.cell.protocol.sample_count or math.inf)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
