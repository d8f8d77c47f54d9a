"""Scores beside those of independent libraries."""
