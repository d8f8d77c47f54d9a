"""Results as rows, frames and tables in a notebook."""

import sys
from dataclasses import dataclass

import pytest

from genharness.api.rows import Rows
from genharness.errors import ConfigError


@dataclass(frozen=True)
class Two(Rows):
    first: object

    def rows(self):
        return [{"a": self.first, "b": 1.23456}, {"a": "x"}]


def test_pandas_takes_rows_with_nan_where_a_value_is_missing():
    pandas = pytest.importorskip("pandas")
    frame = Two("y").to_frame()
    assert list(frame.columns) == ["a", "b"]
    assert pandas.isna(frame.b[1])


def test_without_pandas_it_is_said_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConfigError, match="pip install pandas, or take rows"):
        Two("y").to_frame()


def test_a_notebook_shows_text_as_text_and_numbers_short():
    shown = Two("<script>alert(1)</script>")._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert ">1.235<" in shown
