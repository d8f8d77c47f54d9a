import pickle

import pytest

from genharness.errors import ConfigError, DataError, did_you_mean, nearest, refuse


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


@pytest.mark.parametrize(("word", "found"), [("dcgna", "dcgan"), ("zzz", None), ("", None)])
def test_the_nearest_name_is_a_value(word, found):
    assert nearest(word, ["vae", "dcgan"]) == found


def test_a_hint_names_the_nearest_or_all_or_is_empty():
    assert did_you_mean("dcgna", ["vae", "dcgan"]) == "; did you mean 'dcgan'?"
    assert did_you_mean("zzz", ["vae", "dcgan"]) == "; known: dcgan, vae"
    assert did_you_mean("zzz", []) == ""
