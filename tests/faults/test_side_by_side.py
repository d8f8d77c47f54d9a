"""Many more cells at a time than there are cores: slower, and nothing else."""

import pytest

from background import records, runs
from fault_checks import assert_nothing_half_written, part_of_a_temporary, untimed

JOBS = 8
RUN = ["--no-baselines", "--models", "ae,noise", "--datasets", "digits#200", "--seeds", "6", "--budget", "3steps"]
RUN += ["--metrics", "fid", "--features", "pixels", "--samples", "40", "--set", "ae.width=4", "--threads", "1"]


@pytest.mark.slow
def test_eight_cells_at_a_time_end_as_one_after_the_other(tmp_path):
    with runs(tmp_path, tmp_path / "home") as start:
        together, alone = tmp_path / "together", tmp_path / "alone"
        assert start(*RUN, "--jobs", JOBS, "--results", together).wait(timeout=500) == 0
        assert start(*RUN, "--results", alone).wait(timeout=500) == 0
    found, expected = records(together), records(alone)
    assert len(found) == 12
    assert all(one["status"] == "ok" for one in found.values())
    assert {name: untimed(one) for name, one in found.items()} == {name: untimed(one) for name, one in expected.items()}
    assert not [path for path in together.rglob("*") if part_of_a_temporary(path)]
    assert_nothing_half_written(together)
