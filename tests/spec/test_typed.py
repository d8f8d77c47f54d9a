from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from genharness.spec.typed import MOST_NESTED, misfit, typed


@dataclass(frozen=True)
class Inner:
    count: int
    share: float = 0.5


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner
    kind: Literal["a", "b"] = "a"
    numbers: Mapping[str, float | None] = field(default_factory=dict)
    shape: tuple[int, ...] = ()
    rest: Any = None


GOOD = {"name": "x", "inner": {"count": 3}, "numbers": {"fid": 1, "kid": None}, "shape": [1, 2]}


def test_a_good_object_becomes_the_dataclass_with_its_inner_ones():
    assert typed(Outer, GOOD) == Outer("x", Inner(3), numbers={"fid": 1, "kid": None}, shape=(1, 2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": 3}, "its name is a whole number, not text"),
        ({"name": None}, "its name is null, not text"),
        ({"inner": []}, "its inner is a list, not an object"),
        ({"inner": {}}, "its inner.count is missing"),
        ({"inner": {"count": True}}, "its inner.count is true, not a whole number"),
        ({"inner": {"count": 1.0}}, "its inner.count is a number, not a whole number"),
        ({"inner": {"count": 1, "share": "x"}}, "its inner.share is text, not a number"),
        ({"inner": {"count": 1, "share": float("inf")}}, "its inner.share is inf, not a number"),
        ({"inner": {"count": 1, "other": 1}}, "its inner.other is unknown"),
        ({"kind": "c"}, "its kind is 'c', none of a, b"),
        ({"kind": ["a"]}, "its kind is a list, none of a, b"),
        ({"numbers": {"fid": [1]}}, "its numbers.fid is a list, not a number"),
        ({"numbers": {"fid": False}}, "its numbers.fid is false, not a number"),
        ({"shape": [1, "2"]}, r"its shape\[1\] is text, not a whole number"),
        ({"shape": "12"}, "its shape is text, not a list"),
        ({"extra": 1}, "its extra is unknown"),
    ],
)
def test_one_mistyped_field_is_named_with_what_it_is_and_what_it_should_be(change, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        typed(Outer, {**GOOD, **change})


@pytest.mark.parametrize("plain", [None, [], "x", 3])
def test_what_is_no_object_is_refused(plain):
    with pytest.raises(ValueError, match=r"^it is .*, not an object$"):
        typed(Outer, plain)


def test_other_keys_can_be_passed_over_at_the_top_only():
    assert typed(Outer, {**GOOD, "later": 1}, others=True).name == "x"
    with pytest.raises(ValueError, match=r"inner\.later is unknown"):
        typed(Outer, {**GOOD, "inner": {"count": 1, "later": 1}}, others=True)


def test_any_holds_what_json_holds_nested_a_bounded_number_of_times():
    value: Any = 1
    for _ in range(MOST_NESTED):
        value = [value]
    assert misfit(value, Any) == ""
    assert "nested" in misfit([value], Any)
    assert "nested" in misfit({"a": {"b": [value]}}, dict[str, Any])
