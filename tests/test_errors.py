import errno
import os
import pickle

import pytest

from genharness.errors import (
    ConfigError,
    DataError,
    attempt,
    did_you_mean,
    nearest,
    out_of_processes,
    reason,
    refuse,
    shown,
)


def test_an_error_keeps_its_mistakes_apart_whatever_they_hold():
    error = DataError("a\nb is damaged", "c is missing")
    assert error.lines == ("a\nb is damaged", "c is missing")
    assert str(error) == "a\nb is damaged\nc is missing"


def test_an_error_crosses_a_process():
    error = pickle.loads(pickle.dumps(ConfigError("one", "two")))
    assert isinstance(error, ConfigError)
    assert error.lines == ("one", "two")


def test_all_mistakes_are_one_error_and_each_is_told_once():
    with pytest.raises(ConfigError) as caught:
        refuse(["no model", "no data", "no model"])
    assert caught.value.lines == ("no model", "no data")


def test_nothing_wrong_is_nothing_refused():
    refuse([])


@pytest.mark.parametrize(("word", "found"), [("dcgna", "dcgan"), ("VAE", "vae"), ("zzz", None), ("", None)])
def test_the_nearest_name_is_a_value(word, found):
    assert nearest(word, ["vae", "dcgan"]) == found


def test_a_hint_names_the_nearest_or_all_or_is_empty():
    assert did_you_mean("dcgna", ["vae", "dcgan"]) == "; did you mean 'dcgan'?"
    assert did_you_mean("zzz", ["vae", "dcgan"]) == "; known: dcgan, vae"
    assert did_you_mean("zzz", []) == ""


def test_the_reason_of_a_parser_is_one_short_line_even_where_it_holds_the_file_or_says_nothing():
    assert reason(ValueError(" bad magic:\nmore")) == "bad magic"
    assert reason(KeyError()) == "KeyError"
    assert len(reason(ValueError("x" * 10**6))) < 400


def test_what_is_long_or_endless_is_shown_cut():
    assert shown("a" * 60) == "a" * 60
    assert shown("a" * 61) == f"{'a' * 40}... (61 characters)"
    assert shown(10**5000) == "a number of thousands of digits"
    assert shown("é\n\x1b[31m\u202e") == "é\\n\\x1b[31m\\u202e"
    deep = {}
    for _ in range(100_000):
        deep = {"a": deep}
    assert shown(deep) == "tables in tables, thousands deep"


def test_what_fails_gives_its_mistakes_and_what_does_not_its_value():
    def fail():
        raise DataError("a", "b")

    assert attempt(fail) == (None, ("a", "b"))
    assert attempt(lambda: 3) == (3, ())


def test_a_refused_process_or_thread_is_told_from_what_only_looks_like_it():
    again = os.strerror(errno.EAGAIN)
    assert out_of_processes(RuntimeError("can't start new thread"))
    assert out_of_processes(BlockingIOError(errno.EAGAIN, again))
    assert not out_of_processes(BlockingIOError(errno.EAGAIN, "write could not complete without blocking"))
    assert not out_of_processes(BlockingIOError(errno.EAGAIN, again, "a.npy"))
    assert not out_of_processes(RuntimeError("another"))
