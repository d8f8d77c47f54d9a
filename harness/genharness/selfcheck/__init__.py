"""Faults planted into real samples, and which metrics see them."""
