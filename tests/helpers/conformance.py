"""Running conformance checks on plugins that a test module defines."""

import sys
import unittest


def importable(monkeypatch, name, names):
    """Put a test module where a factory is looked up: under importlib mode it is not in sys.modules."""
    module = type(sys)(name)
    module.__dict__.update(names)
    monkeypatch.setitem(sys.modules, name, module)


def failures(checks):
    """Return the message of every check that fails, by the name of the check."""
    found = {}
    for check in checks:
        try:
            check()
        except unittest.SkipTest:
            continue
        except Exception as error:
            found[str(check)] = str(error)
    return found
