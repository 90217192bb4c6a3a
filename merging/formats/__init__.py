"""Formats of releases: one module for each, and shared code."""
