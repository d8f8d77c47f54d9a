"""Records -> leaderboard and comparisons. Torch-free."""
