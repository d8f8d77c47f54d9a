"""Samples that were made elsewhere: read, checked and scored."""
