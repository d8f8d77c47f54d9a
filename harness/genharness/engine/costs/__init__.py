"""What training and sampling cost: time, operations, memory, energy."""
