"""Rows far from 0 keep their spread: in reading, in every metric, beside statistics from elsewhere."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from genharness.cli.main import cli
from genharness.external.rows import in_one_arithmetic
from genharness.images.rows import as_rows

RANDOM = np.random.default_rng(0)
REAL, FAKE = RANDOM.normal(size=(300, 4)), RANDOM.normal(0.3, 1.2, (300, 4))
METRICS = "fid,prdc,vendi"


def scores(fake, reference, metrics=METRICS):
    """Return every number that `evaluate` gives of files of features."""
    command = ["evaluate", str(fake), "--reference", str(reference), "--features", "identity", "--metrics", metrics]
    done = CliRunner().invoke(cli, [*command, "--format", "json"])
    assert done.exit_code == 0, (done.exception, done.stderr)
    (group,) = json.loads(done.stdout)
    return {key: value["mean"] for key, value in group["rows"][0]["values"].items() if not key.endswith("seconds")}


def save(folder, name, rows):
    np.save(folder / f"{name}.npy", rows)
    return folder / f"{name}.npy"


def test_sets_are_compared_in_the_wider_type():
    narrow, wide = REAL.astype(np.float32), FAKE
    assert [rows.dtype for rows in in_one_arithmetic([narrow, narrow])[0]] == [np.float32] * 2
    assert [rows.dtype for rows in in_one_arithmetic([narrow, wide])[0]] == [np.float64] * 2


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_differences_of_huge_whole_numbers_are_exact(kind):
    origin = 2**62 + 12345 if kind is np.int64 else 2**63 + 12345
    small = RANDOM.integers(0, 1000, (50, 2))
    huge = (small.astype(np.uint64) + np.uint64(origin)).astype(kind)
    (one, other), note = in_one_arithmetic([as_rows(huge[:20], "a"), as_rows(huge[20:], "b")])
    np.testing.assert_array_equal(np.concatenate([one, other]), small - small.min(0))
    assert "counted from the smallest" in note


def test_negative_and_positive_huge_numbers_are_rounded_and_that_is_said():
    rows = np.array([[-(2**62)], [2**62]])
    (found,), note = in_one_arithmetic([rows])
    assert found.tolist() == [[-(2.0**62)], [2.0**62]]
    assert "are rounded" in note


@pytest.mark.parametrize("offset", [1e6, 1e9])
def test_an_offset_changes_no_score_that_does_not_depend_on_it(tmp_path, offset):
    near = scores(save(tmp_path, "f", FAKE), save(tmp_path, "r", REAL))
    far = scores(save(tmp_path, "ff", FAKE + offset), save(tmp_path, "rr", REAL + offset))
    for key in ("fid", "precision", "recall", "density", "coverage"):
        assert far[key] == pytest.approx(near[key], rel=1e-4), key


def test_nanoseconds_since_1970_are_scored_by_their_differences(tmp_path):
    origin = 1_700_000_000_000_000_000
    real, fake = ((rows * 1000).round().astype(np.int64) for rows in (REAL, FAKE))
    near = scores(save(tmp_path, "f", fake), save(tmp_path, "r", real))
    far = scores(save(tmp_path, "ff", fake + origin), save(tmp_path, "rr", real + origin))
    for key in ("fid", "precision", "recall", "density", "coverage"):
        assert far[key] == pytest.approx(near[key], rel=1e-9), key


@pytest.mark.parametrize("offset", [0.0, 1e8])
def test_statistics_from_elsewhere_are_compared_with_what_was_read(tmp_path, offset):
    real, fake = REAL + offset, FAKE + offset
    np.savez(tmp_path / "s.npz", mu=real.mean(0), sigma=np.cov(real, rowvar=False))
    by_samples = scores(save(tmp_path, "f", fake), save(tmp_path, "r", real), "fid")["fid"]
    assert scores(tmp_path / "f.npy", tmp_path / "s.npz", "fid")["fid"] == pytest.approx(by_samples, rel=1e-6)
