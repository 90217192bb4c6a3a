"""The released folder tree: its names, writing it, and reading it."""
