"""The sections of a page, each from what a group of the board and its cells hold."""
