"""Commands that look after a results folder."""
