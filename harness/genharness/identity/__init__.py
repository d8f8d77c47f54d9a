"""What a result depends on beside its settings: digests of the code behind it, and of files that options name."""
