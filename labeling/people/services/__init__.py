"""Labelers, erasing a person, deleting guests who have nothing."""
