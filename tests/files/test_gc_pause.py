"""A pause of the garbage collector."""

import gc

import pytest

from genharness.files.gc_pause import no_collection


def test_it_pauses_and_goes_on():
    with no_collection():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_an_error():
    with pytest.raises(KeyError), no_collection():
        raise KeyError
    assert gc.isenabled()


def test_who_had_paused_it_before_keeps_the_pause():
    gc.disable()
    try:
        with no_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
