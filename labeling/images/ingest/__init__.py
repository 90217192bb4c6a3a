"""Readers of rover frames and masks. Without the database.

`sources.open_source` recognizes the kind of a source. Each source lists candidates and loads them
one at a time. A file that is not a usable frame is refused with its name and the reason
(`products.Refused`).
"""
