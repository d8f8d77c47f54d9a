"""A search whose trainings are a formula."""

import math

import numpy as np

from genharness.api.asking import ask
from genharness.api.searching import prepare_search, search_rounds
from genharness.spec.record import Record
from genharness.spec.report import silent
from genharness.study.search import SearchOptions


class Bench:
    """A search in a results folder, whose cells score as their learning rate and seed say."""

    def __init__(self, folder, over=("lr=1e-4..1e-2:log",), stop_at=None, status="ok", given=(), **options):
        fields = {"models": "vae", "datasets": "digits", "metrics": "fid", "baselines": False, "results": folder}
        self.asked = ask(None, {**fields, "reference_split": "test", **dict(given)})
        how = SearchOptions(**{"method": "random", "tries": 6, "fresh_seeds": 3, **options})
        self.search = prepare_search(self.asked, how, over, silent)
        self.asked.store.open_for_writing()
        self.cells, self.said, self.stop_at, self.status = [], [], stop_at, status

    def run(self, tasks, hear, stop):
        for task in tasks:
            if len(self.cells) == self.stop_at:
                return True
            self.cells.append(task.cell)
            fid = self.fid(task.cell)
            status = self.status(task.cell) if callable(self.status) else self.status
            made = Record(cell=task.cell, status=status, scores={"fid": fid} if status == "ok" else {})
            made.protocol, made.protocol_hash = task.cell.protocol.as_plain(), task.cell.protocol.hash
            made.measurements["cell_seconds"] = 1.5
            self.asked.store.save(made)
        return False

    def fid(self, cell):
        noise = np.random.default_rng([cell.seed, round(cell.options["lr"] * 1e9)]).standard_normal()
        return 20 * math.exp(0.1 * noise) * (1 + abs(math.log(cell.options["lr"] / 1e-3)))

    def answer(self):
        return search_rounds(self.search, self.run, self.said.append)
