"""Synthetic rover frames with the true terrain class and range of every pixel. Pure."""
