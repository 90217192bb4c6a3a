"""Writing files into storage so that doing it twice leaves one file."""

from __future__ import annotations

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage


def safe_cell(text: str) -> str:
    """A file's name must not become a formula where a table is opened as a spreadsheet."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def put(name: str, content: bytes) -> str:
    """Write `content` under exactly this name, in place of what was there; returns the name."""
    if default_storage.exists(name):
        default_storage.delete(name)
    return default_storage.save(name, ContentFile(content))
