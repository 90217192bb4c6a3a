"""Labelers, erasing a person, and deleting guests without data."""
