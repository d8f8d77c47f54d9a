"""Reading studies that vary options: pivots, importances, ablations."""
