"""What every figure shows, as plain data: the report's page and `genharness plot` draw the same numbers. Torch-free."""
