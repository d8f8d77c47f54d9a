"""Torch blocks and the mathematics of metrics, for authors of plugins."""
