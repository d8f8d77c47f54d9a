"""The version of genharness, for whatever keeps something by it."""

__all__ = ["VERSION"]

VERSION = "0.1.0"
