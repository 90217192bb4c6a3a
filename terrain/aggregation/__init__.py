"""Merging of the labels of an image into one mask; planning of the gold set."""
