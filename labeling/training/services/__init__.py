"""Lessons, reference answers, practice attempts and their comparison."""
