"""Scores of nearest neighbours, all from one pass over two sets."""
