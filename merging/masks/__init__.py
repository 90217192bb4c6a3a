"""Merged masks: merging by several methods, comparing the methods, and showing masks."""
