"""What a neighbour pass finds, from whole tables of distances in float64, row by row."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

__all__ = ["HARD", "dense_pass", "distances", "hard_sets", "own_table"]


def distances(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return np.sqrt(np.stack([((row - b) ** 2).sum(1) for row in a]))


def own_table(rows):
    table = distances(rows, rows)
    np.fill_diagonal(table, np.inf)
    return table


def dense_pass(real, fake, k, strict=True):
    """Return tables and counts of every row: `own`, `between`, radii, who lies in which ball."""
    own = {"real": own_table(real), "fake": own_table(fake)}
    between = distances(real, fake)
    ranked = {name: np.sort(table, 1) for name, table in own.items()}
    radius = {name: table[:, k - 1] for name, table in ranked.items()}
    following = {
        name: table[:, k] if table.shape[1] > k + 1 else np.full(len(table), np.inf) for name, table in ranked.items()
    }
    within = np.less if strict else np.less_equal
    clipped = {name: np.minimum(one, np.median(one)) for name, one in radius.items()}
    return SimpleNamespace(
        own=own,
        between=between,
        ranked=ranked,
        radius=radius,
        next_radius=following,
        clipped=clipped,
        in_real=within(between, radius["real"][:, None]),
        in_fake=within(between, radius["fake"][None]).T,
        in_real_next=within(between, following["real"][:, None]),
        in_fake_next=within(between, following["fake"][None]).T,
        in_clipped_real=between <= clipped["real"][:, None],
    )


def singular(rng, n, m):
    factor = rng.normal(size=(2, 40))
    return rng.normal(size=(n, 2)) @ factor, rng.normal(size=(m, 2)) @ factor


def duplicated(rng, n, m):
    rows = rng.normal(size=(n // 3, 33))
    return rows[rng.integers(0, len(rows), n)], rows[rng.integers(0, len(rows), m)] + 1e-3 * rng.integers(0, 2, (m, 1))


def copied(rng, n, m):
    real = rng.normal(size=(n, 20))
    return real, real[rng.integers(0, n, m)]


def far_clusters(rng, n, m):
    return tuple(rng.normal(size=(c, 10)) + 1e4 * rng.integers(0, 4, (c, 1)) for c in (n, m))


def many_far_clusters(rng, n, m):
    return tuple(rng.normal(size=(c, 10)) + 1e5 * rng.integers(0, 100, (c, 1)) for c in (n, m))


def jittered(rng, n, m):
    few = rng.normal(size=(5, 300))
    return tuple(few[rng.integers(0, 5, c)] * (1 + 1e-6 * rng.normal(size=(c, 300))) for c in (n, m))


def tiny(rng, n, m):
    return 1e-30 * rng.normal(size=(n, 5)), 1e-30 * rng.normal(size=(m, 5))


def outlier(rng, n, m):
    real, fake = rng.normal(size=(n, 30)), rng.normal(size=(m, 30))
    real[0] = 1e8
    return real, fake


def hub(rng, n, m):
    real, fake = rng.normal(size=(n, 30)), rng.normal(size=(m, 30)) + 4
    fake[0] = 0
    return real, fake


def collapsed(rng, n, m):
    return rng.normal(size=(n, 30)), 0.3 * rng.normal(size=(m, 30))


def lattice(rng, n, m):
    return rng.integers(0, 3, (n, 4)).astype(float), rng.integers(0, 3, (m, 4)).astype(float)


def constant(rng, n, m):
    return np.ones((n, 8)), np.ones((m, 8))


def plain(rng, n, m):
    return rng.normal(size=(n, 6)), 0.9 * rng.normal(size=(m, 6)) + 0.1


HARD = [
    *(plain, singular, duplicated, copied, far_clusters, many_far_clusters, jittered),
    *(tiny, outlier, hub, collapsed, lattice, constant),
]


def hard_sets(make, n, m, dtype=np.float64, seed=0):
    """Return the real and the fake rows that a function of `HARD` makes."""
    return tuple(rows.astype(dtype) for rows in make(np.random.default_rng(seed), n, m))
