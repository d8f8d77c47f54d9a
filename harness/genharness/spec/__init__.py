"""What things are, as plain frozen data. Standard library only."""
