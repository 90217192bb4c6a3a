"""Scores, skill and merge methods measured against known truth. Pure."""
