"""Preparing the files of an image from its frame. Without the database."""
