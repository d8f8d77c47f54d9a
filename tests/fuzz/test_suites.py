"""Suites: TOML that anybody wrote, and the words of the command line over it."""

import pytest
from hypothesis import strategies as st

from fuzzing import INPUTS, campaign, damaged, refusable, value_campaign, values
from genharness.plugin.registry import load_registry
from genharness.spec.options import options_of
from genharness.study.plan import look_up
from genharness.study.reading import read_suite
from genharness.study.suite import Suite

SOUND = [
    b"""# a study
models = ["vae", "*gan*"]
datasets = ["digits@16#200"]
seeds = [0, 7]
budget = "20epochs"
metrics = ["fid", "prdc"]
samples = 500
precision = "bf16"
protocol_seed = 3
reference_split = "test"

[set.vae]
lr = 1e-3
[set.dcgan]
width = 32
""",
    b'models="all"\ndatasets="digits,breast-cancer"\nset={gan={width=8,lr=0.1},fid={}}\nlimit=100\ncompile=true\n',
]
WORDS = [b'"vae"', b'"all"', b'"bf16"', b'"20epochs"', b'"digits@16#200"', b"true", b"[0, 7]", b"500", b"1e-3", b"nan"]
WORDS += [b"models", b"datasets", b"seeds", b"samples", b"limit", b"set", b"[set.vae]", b"[[set.vae]]", b"1979-05-27"]
FIELDS = [one.name for one in options_of(Suite)]


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def looked_up(registry, path, given):
    """Read a suite and find what it names; every refusal is made of short lines."""
    with refusable():
        suite, mistakes = read_suite(path, given)
        look_up(suite, registry, mistakes=mistakes)


@pytest.fixture(autouse=True)
def _home_inside(tmp_path, monkeypatch):
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path / "home"))  # digests of code are kept there


@INPUTS
def test_suite_files(registry, tmp_path, inputs):
    path = tmp_path / "suite.toml"

    def check(content):
        path.write_bytes(content)
        looked_up(registry, path, {})

    campaign(inputs, damaged(SOUND, WORDS), check, tmp_path)


@INPUTS
def test_what_is_given_over_a_suite(registry, tmp_path, inputs):
    strategy = st.dictionaries(st.sampled_from([one for one in FIELDS if one != "set"]), values(FIELDS), max_size=3)
    value_campaign(inputs, strategy, lambda given: looked_up(registry, None, given), tmp_path)
