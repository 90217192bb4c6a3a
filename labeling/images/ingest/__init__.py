"""Readers of what the project takes in: rover frames and finished masks. No database here.

`sources.open_source` says what a folder is; each source lists candidates and loads them one at a
time, and refuses by name and reason (`products.Refused`) what is not a usable frame.
"""
