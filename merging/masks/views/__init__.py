"""Merge methods side by side, and the crowd's result of a picture."""
