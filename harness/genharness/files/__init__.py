"""Files, folders, downloads and caches. Torch-free."""
