"""The halves that do the work."""

from pathlib import Path

import numpy as np

from genharness.cells.cell import run_task
from genharness.kit import Extracted, Extractor


def prepare(request):
    random = np.random.RandomState(0)
    for split, count in request.spec.counts.items():
        labels = np.arange(count) % 2
        ramps = np.linspace(0, random.randint(100, 256, count), 8, axis=1)  # (count, 8)
        images = np.repeat(ramps[:, None], 8, axis=1)
        images[labels == 1] = images[labels == 1].swapaxes(1, 2)
        request.writer.split(split, count=count).write(images.astype(np.uint8)[:, None], labels)


class Edges(Extractor):
    identity = "edges 1"

    def extract(self, samples):  # uint8 (n, c, h, w)
        values = samples.astype(np.float32) / 255
        return Extracted(np.concatenate([values.mean((1, 2)), values.mean((1, 3))], axis=1))


class ContrastGap:
    def __init__(self, config):
        pass

    def compute(self, evaluation):
        real, fake = evaluation.real_images(), evaluation.fake_images()
        return {"contrast_gap": abs(float(real.std((1, 2, 3)).mean()) - float(fake.std((1, 2, 3)).mean()))}


class InTurn:
    def __init__(self, argument, config):
        pass

    def run(self, tasks, *, on_event, stop):
        for task in tasks:
            if stop.is_set():
                return
            yield run_task(task, on_event, stop.is_set)


def render(board, options):
    return "\n".join(f"{group.dataset} {row.label}" for group in board.groups for row in group.rows)


class Tally:
    def __init__(self, config):
        self.statuses = []

    def start(self, tasks):
        self.planned = len(tasks)

    def event(self, event):
        pass

    def record(self, record):
        self.statuses.append(record.status)

    def finish(self):
        Path("tally.txt").write_text(f"{self.planned} planned, {self.statuses.count('ok')} ok\n")
