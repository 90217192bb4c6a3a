"""Merged masks: how they are made by several methods, compared, and shown."""
