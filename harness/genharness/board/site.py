"""A board as the pages of a site: one that sums up, one a dataset, one a model, each with links to the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from genharness.board.render import SitePage
from genharness.board.rows import Board, Group
from genharness.spec.protocol import short_hash

__all__ = ["INDEX", "PageOfBoard", "pages_of"]

INDEX = "index.html"


@dataclass(frozen=True)
class PageOfBoard:
    """One page.

    Attributes:
        file: Its name.
        board: What it shows.
        place: Where it stands among the others.
    """

    file: str
    board: Board
    place: SitePage


@dataclass(frozen=True)
class _Names:
    """File names, each once, of names that may hold anything."""

    taken: dict[str, str] = field(default_factory=dict)

    def of(self, kind: str, name: str) -> str:
        stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
        file = f"{kind}-{stem}.html"
        if not stem or self.taken.get(file, name) != name:
            file = f"{kind}-{stem}-{short_hash(name)}.html"
        self.taken[file] = name
        return file


def pages_of(board: Board) -> Iterator[PageOfBoard]:
    """Yield the pages of a site: the index, a page for each dataset, and one for each trained model.

    The page of a model says where it stands on each dataset that it was trained on, and has the figures of it alone.
    """
    names = _Names()
    datasets = {name: names.of("data", name) for name in dict.fromkeys(group.dataset for group in board.groups)}
    models = {
        name: names.of("model", name)
        for name in dict.fromkeys(row.model for group in board.groups for row in group.rows if not row.reference)
    }
    every = SitePage(file=INDEX, overview={"Overview": INDEX}, datasets=datasets, models=models)
    yield PageOfBoard(INDEX, board, replace(every, brief=True))
    for name, file in datasets.items():
        groups = [group for group in board.groups if group.dataset == name]
        yield PageOfBoard(file, Board(groups), replace(every, file=file))
    for name, file in models.items():
        groups = [group for group in board.groups if _has(group, name)]
        yield PageOfBoard(file, Board(groups), replace(every, file=file, model=name))


def _has(group: Group, model: str) -> bool:
    return any(row.model == model for row in group.rows)
