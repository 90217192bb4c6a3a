"""Frames to the files of their image: encoding, and all that is derived. No database."""
