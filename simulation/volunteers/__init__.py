"""Synthetic volunteers and experts, and what they draw on a scene. Pure."""
