"""Exact nearest neighbours and small distances, a tile at a time."""
