"""Assignments, offers, drafts, labels, corrections and their post-processing."""
