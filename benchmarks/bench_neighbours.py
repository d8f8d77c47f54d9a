"""The one pass of neighbours beside precision, recall, density and coverage alone, in turn in one process.

    python benchmarks/bench_neighbours.py            # 10,000 x 2048 and x 64
    python benchmarks/bench_neighbours.py 5000 512

The pass gives what `prdc` needs, clipped and symmetric scores, the nearest real of every fake, realism, the lists for
leaving out each row, and what hangs on the top 1 %; reading all of these off it is timed with it. Target at 2048
columns: at most 1.15 times `prdc`.
"""

from __future__ import annotations

import sys
import time
from statistics import median

import torch

from genharness.functional.neighbours.clipped import clipped_of
from genharness.functional.neighbours.errors import clipped_errors, neighbour_errors
from genharness.functional.neighbours.influence import hanging
from genharness.functional.neighbours.shared_pass import neighbour_pass
from genharness.functional.neighbours.symmetric import symmetric_of
from genharness.functional.prdc import prdc, prdc_of

ROUNDS = 7


def features(rows, columns, seed):
    """Return features of intrinsic dimension 32, as networks give them, with a little noise in all columns."""
    torch.manual_seed(0)
    directions = torch.randn(32, columns)
    torch.manual_seed(seed)
    return torch.randn(rows, 32) @ directions + 0.3 * torch.randn(rows, columns)


def everything(real, fake):
    found = neighbour_pass(real, fake)
    parts = clipped_of(found), symmetric_of(found), hanging(found), neighbour_errors(found, reals_too=True)
    return prdc_of(found), *parts, clipped_errors(found)


def seconds(function, *sets):
    """Return processor seconds, which other work on the machine moves less than it moves the clock."""
    start = time.process_time()
    function(*sets)
    return time.process_time() - start


def main(rows, columns):
    torch.set_num_threads(1)  # on two, the ratio is that of whatever else runs
    real, fake = features(rows, columns, 1), 0.95 * features(rows, columns, 2)
    assert everything(real, fake)[0] == prdc(real, fake)
    pairs = [(seconds(prdc, real, fake), seconds(everything, real, fake)) for _ in range(ROUNDS)]
    alone, shared = (min(column) for column in zip(*pairs, strict=True))
    ratio = median(both / one for one, both in pairs)
    print(
        f"{rows} x {rows} x {columns}: prdc {alone:.2f} s, one pass for all {shared:.2f} s, ratio {ratio:.2f} (median)"
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        main(int(sys.argv[1]), int(sys.argv[2]))
    else:
        main(10_000, 2048)
        main(10_000, 64)
