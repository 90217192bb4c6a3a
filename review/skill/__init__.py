"""Skill of labelers: confusion matrices by Dawid-Skene, expected label quality."""
