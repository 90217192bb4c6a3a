"""Reasons why an import does not use a file."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

ARCHIVE_SUFFIXES = (
    ".zip",
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.bz2",
    ".tar.xz",
    ".txz",
)
_OTHER_ARCHIVES = (".7z", ".rar", ".gz", ".bz2", ".xz")

#: Suffixes of picture files.
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".gif", ".bmp"})

PICTURES_READ = "JPEG, PNG, TIFF, WebP, GIF and BMP"

# Names of mask folders (labels, train_masks, annotations), and those of the released tree
_MASK_FOLDER = re.compile(
    r"(^|[-_. ])(labels?|masks?|masked|annotations?)($|[-_. ])|^(mxy|mrl|rng|rnl)(-30m)?$",
    re.IGNORECASE,
)
# How many folders above a place are examined
_ABOVE = 3

MASK = "It is a mask, not a picture to draw on. Import masks with import_labels."


def is_picture(name: str) -> bool:
    """Return whether a file has the suffix of a picture."""
    return PurePosixPath(name).suffix.lower() in PICTURE_SUFFIXES


def is_in_mask_folder(name: str, above: tuple[str, ...] = ()) -> bool:
    """Return whether a folder in a file's path is named like a folder of masks.

    `above` are the names of the folders above the file's place.
    """
    folders = (*above[-_ABOVE:], *PurePosixPath(name).parts[:-1])
    return any(_MASK_FOLDER.search(part) for part in folders)


def why_unused(name: str) -> str:
    """Return a sentence on why no source reads a file, by its name alone."""
    lower = name.lower()
    if lower.endswith((*ARCHIVE_SUFFIXES, *_OTHER_ARCHIVES)):
        return "It is an archive in a folder. Import it separately, or unpack it first."
    if lower.endswith(".img"):
        return "It belongs to a frame that does not exist here (range, points or mask)."
    if lower.endswith((".lbl", ".xml")):
        return "It is a label without its .IMG file."
    return f"Images are not read from files of this kind, only from {PICTURES_READ} and .IMG."
