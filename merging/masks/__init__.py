"""Merged masks: made of labels, by several methods, compared, and shown."""
