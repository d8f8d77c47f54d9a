"""Columns: between which ends their values lie."""

import json
import math
from pathlib import Path

from genharness.plugin.registry import load_registry
from genharness.spec.columns import Column

PUBLISHED = sorted((Path(__file__).parents[2] / "results").glob("*/records/*.json"))


def test_published_scores_and_bands_lie_between_the_ends_of_their_columns():
    columns = {column.key: column for spec in load_registry().metrics.values() for column in spec.columns}
    seen, outside = set(), []
    for path in PUBLISHED:
        record = json.loads(path.read_text())
        for key, value in record["scores"].items():
            if key in columns and value is not None:
                least, most = columns[key].limits
                seen.add(key)
                outside += (
                    []
                    if least - 1e-9 <= value <= most + 1e-9 or not math.isfinite(value)
                    else [(path.name, key, value)]
                )
    assert outside == []
    assert len(seen) > 40


def test_ends_that_are_given_come_before_what_the_column_says_otherwise():
    assert Column(key="a", title="A").limits == (-math.inf, math.inf)
    assert Column(key="a", title="A", ratio=True).limits == (0.0, math.inf)
    assert Column(key="a", title="A", resolution="sample_count").limits == (0.0, 1.0)
    assert Column(key="a", title="A", ratio=True, least=1, most=5).limits == (1, 5)
