"""How plugins are found, and what executors and trackers are. Torch-free."""
