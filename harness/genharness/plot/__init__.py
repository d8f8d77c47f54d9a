"""Figures for papers through matplotlib: the numbers of `genharness.figures`, drawn at the size of a column."""
