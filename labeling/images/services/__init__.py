"""Imports and their jobs, quality measures, orbital classes, file checks."""
