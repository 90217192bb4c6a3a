"""Merging, merge methods side by side, imported masks, progress."""
