"""Lessons, reference answers, and practice attempts with their comparison."""
