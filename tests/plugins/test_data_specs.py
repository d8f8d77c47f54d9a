"""What the dataset families say of themselves, without importing anything heavy."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import genharness_data_chest_xray
import genharness_data_tabular
import genharness_data_vision
from genharness.plugin.registry import load_factory

FAMILIES = (genharness_data_vision, genharness_data_chest_xray, genharness_data_tabular)
SPECS = [spec for family in FAMILIES for spec in family.genharness_datasets()]
NAMES = [spec.name for spec in SPECS]


def test_every_dataset_of_the_families_is_offered_once():
    assert sorted(NAMES) == sorted(
        ["cifar10", "svhn", "celeba", "lsun", "imagenet32", "covid", "covid-radiography", "breast-cancer"]
    )


def test_listing_imports_no_heavy_module():
    listing = "; ".join(f"import {family.__name__}; {family.__name__}.genharness_datasets()" for family in FAMILIES)
    code = f"import sys; {listing}; print(sorted({{'numpy', 'PIL', 'scipy', 'sklearn', 'torch'}} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_factory_exists_and_licence_and_homepage_are_told(spec):
    assert callable(load_factory(spec))
    assert spec.licence
    assert spec.homepage.startswith("http")
    assert not spec.summary.endswith(".")


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_remotes_have_addresses_a_size_and_a_checksum(spec):
    for remote in spec.remotes:
        assert remote.size > 0
        assert all(url.startswith("http") and url.endswith(remote.filename) for url in remote.urls)
        assert re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{64}", remote.md5 or remote.sha256)
