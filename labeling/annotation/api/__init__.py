"""The JSON API of the drawing page."""
