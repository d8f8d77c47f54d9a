"""What was asked for, as cells: nothing is trained here. Torch-free."""
