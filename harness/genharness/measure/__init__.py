"""The evaluation that metrics are given."""
