"""The examples in the docstrings of `genharness.functional`: a reader can check each by hand, and each is run."""

import doctest
import importlib
import inspect
import pkgutil

import numpy as np
import pytest
import torch

import genharness.functional

FOUND = pkgutil.walk_packages(genharness.functional.__path__, "genharness.functional.")
NAMES = [module.name.removeprefix("genharness.functional.") for module in FOUND if not module.ispkg]
MODULES = [name for name in NAMES if not name.startswith("exact.")]
TOOLS = {"checks", "gaussian", "parallel"}  # what the maths is made with, not maths


def run(name):
    module = importlib.import_module(f"genharness.functional.{name}")
    return doctest.testmod(module, extraglobs={"np": np, "torch": torch}, optionflags=doctest.NORMALIZE_WHITESPACE)


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name):
    assert run(name).failed == 0


@pytest.mark.parametrize("name", sorted(set(MODULES) - TOOLS))
def test_every_public_function_shows_an_example(name):
    module = importlib.import_module(f"genharness.functional.{name}")
    public = [getattr(module, word) for word in module.__all__]
    assert not [
        function.__name__ for function in public if inspect.isfunction(function) and ">>> " not in function.__doc__
    ]
