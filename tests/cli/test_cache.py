"""`genharness cache` as a user meets it."""

import json
import os
import time

import numpy as np
import pytest
from click.testing import CliRunner

from genharness.cli.cache import cache
from genharness.files.home import home
from genharness.kit import Extracted
from genharness.measure.feature_cache import FeatureCache


def invoke(*arguments, **options):
    return CliRunner().invoke(cache, arguments, **options)


@pytest.fixture
def kept():
    """One entry of each kind, as the harness leaves them."""
    features = Extracted(np.zeros((250_000, 1), np.float32))
    key = {"dataset": "a" * 64, "split": "train", "count": 5000, "extractor": "inception", "resize": "clean"}
    FeatureCache(home() / "features").get(key, lambda: features)
    for kind, name in (("classifiers", "0f.pt"), ("weights", "inception.pth")):
        (home() / kind).mkdir()
        (home() / kind / name).write_bytes(bytes(2_000_000))
    (home() / "classifiers" / "0f.lock").touch()
    (home() / "data" / "digits").mkdir(parents=True)
    return home()


def listed(*arguments):
    return json.loads(invoke("list", "--json", *arguments).stdout)


def test_the_list_says_what_is_kept_with_sizes(kept):
    entries = {entry["kind"]: entry for entry in listed()}
    assert set(entries) == {"features", "classifiers", "weights"}
    assert entries["features"]["what"] == "inception of train split of dataset aaaaaaaaaa, 5,000 of it, resize clean"
    assert 1_000_000 < entries["features"]["bytes"] < 1_010_000
    assert entries["weights"]["bytes"] == 2_000_000


def test_the_list_for_people_has_ages_and_a_total(kept):
    old = time.time() - 3 * 86_400
    os.utime(kept / "weights" / "inception.pth", (old, old))
    text = invoke("list").stdout
    assert "3 d" in text
    assert f"3 entries, 5.0 MB in {kept}" in text


def test_an_empty_cache_is_no_error():
    assert "0 entries" in invoke("list").stdout
    assert "nothing is kept" in invoke("clear").stdout


def test_a_kind_can_be_cleared_alone(kept):
    done = invoke("clear", "--kind", "features", "--yes")
    assert "1 entry, 1.0 MB freed" in done.stdout
    assert {entry["kind"] for entry in listed()} == {"classifiers", "weights"}
    assert (kept / "data" / "digits").is_dir()


def test_nothing_is_deleted_without_a_yes(kept):
    assert invoke("clear", input="n\n").exit_code == 1
    assert len(listed()) == 3
    assert invoke("clear", input="y\n").exit_code == 0
    assert not listed()


def test_a_damaged_entry_is_listed_as_such(kept):
    (entry,) = listed("--kind", "features")
    (kept / "features" / entry["path"].rpartition("/")[2] / "entry.json").write_text("{")
    assert listed("--kind", "features")[0]["what"].startswith("damaged")


def test_scores_and_what_is_derived_from_features_are_listed_in_words(tmp_path):
    real = {"dataset": "a" * 64, "split": "train"}
    key = {"derived": "radii, k=5", "of": {"0": real}, "extractor": "pixels", "identity": "1", "resize": ""}
    FeatureCache(home() / "features").arrays(key, lambda: {"radii": np.zeros(3)})
    (home() / "scores").mkdir()
    kept = {"metric": "fid", "samples": "b" * 64, "protocol": {"extractor": "pixels"}}
    (home() / "scores" / "0a.json").write_text(json.dumps({"content": {"key": kept}}))
    (home() / "scores" / "0b.json").write_text("{")
    assert {entry["what"] for entry in listed()} == {
        "radii, k=5, by pixels of train split of dataset aaaaaaaaaa",
        "fid by pixels of samples bbbbbbbbbb",
        "damaged: rebuilt when it is needed",
    }


def test_a_strangers_cache_is_listed_and_cleared_and_a_misspelt_kind_is_refused(genharness, make_plugin):
    source = """
from genharness import ExtractorSpec, hookimpl

@hookimpl
def genharness_extractors():
    return [ExtractorSpec(name="thumbnails", summary="Ours", factory="nowhere:T", caches=("thumbs",))]
"""
    make_plugin("thumb-plugin", source)
    (home() / "thumbs").mkdir()
    (home() / "thumbs" / "a.npy").write_bytes(bytes(3_000_000))
    assert [entry["kind"] for entry in json.loads(genharness("cache", "list", "--json").stdout)] == ["thumbs"]
    wrong = genharness("cache", "clear", "--kind", "thums", "--yes")
    assert wrong.stderr == "error: nothing is kept as 'thums'; did you mean 'thumbs'?\n"
    assert "3.0 MB freed" in genharness("cache", "clear", "--kind", "thumbs", "--yes").stdout
