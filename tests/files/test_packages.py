"""Packages that only some files need."""

import json
import sys

import pytest

from genharness import ConfigError
from genharness.files.packages import needed


def test_a_package_is_imported_when_it_is_needed():
    assert needed("json", "parquet") is json


def test_a_missing_one_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pyarrow is not installed: run `pip install 'genharness\[parquet\]'`"):
        needed("pyarrow", "parquet")
