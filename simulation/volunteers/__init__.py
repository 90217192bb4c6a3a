"""Synthetic volunteers and experts, and their labels of a scene. Pure."""
