"""New plugin packages to start from, made of the examples in the docstrings of the hooks. Torch-free."""
