"""One cell: trained, drawn from, scored, recorded."""
