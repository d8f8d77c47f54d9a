"""A grid of 24 points, killed with SIGKILL three times: nothing is trained twice, and it ends as an undisturbed run."""

import pytest

from background import end_group, records, runs, wait_for
from fault_checks import assert_nothing_half_written, part_of_a_temporary, untimed

GRID = """
models = ["vae"]
datasets = ["digits#200"]
seeds = 1
budget = "4steps"
features = "pixels"
metrics = ["fid"]
samples = 60
baselines = false

[set.vae]
width = 8
batch_size = 20

[sweep.vae]
lr = { low = 1e-4, high = 1e-2, log = true, points = 6 }
latent = [2, 4, 8, 16]
"""
CELLS = 24


def finished(folder):
    """Return the records that are there, as bytes: a cell that was done again would have written another."""
    paths = [path for path in folder.glob("records/*.json") if not part_of_a_temporary(path)]
    return {path.name: path.read_bytes() for path in paths}


@pytest.mark.slow
def test_a_grid_that_is_killed_three_times_trains_no_cell_twice_and_equals_an_undisturbed_one(tmp_path):
    (tmp_path / "grid.toml").write_text(GRID)
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    with runs(tmp_path, tmp_path / "home") as begin:
        kept = {}
        for count in (3, 9, 17):
            process = begin("grid.toml", "--results", cut)
            wait_for(lambda count=count: len(finished(cut)) >= count, seconds=300)
            end_group(process)
            assert_nothing_half_written(cut)
            assert kept.items() <= finished(cut).items()
            kept = finished(cut)
            assert count <= len(kept) < CELLS
        assert begin("grid.toml", "--results", cut).wait(timeout=400) == 0
        assert begin("grid.toml", "--results", whole).wait(timeout=400) == 0
    assert kept.items() <= finished(cut).items()
    found, expected = records(cut), records(whole)
    assert len(found) == CELLS
    assert {name: untimed(one) for name, one in found.items()} == {name: untimed(one) for name, one in expected.items()}
    assert not [path for path in cut.rglob("*") if part_of_a_temporary(path)]
