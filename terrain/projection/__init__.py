"""Orthographic views and tiles of images and masks (paper 4.2)."""
