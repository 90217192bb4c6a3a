"""Campaigns: presets, creation, progress figures, and the front page."""
