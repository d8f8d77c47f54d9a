"""How a model is fed, trained, sampled and timed; knows no cell."""
