"""Why a file that was found is none of an import's frames."""

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

#: Suffixes of pictures from anywhere.
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".gif", ".bmp"})

PICTURES_READ = "JPEG, PNG, TIFF, WebP, GIF and BMP"

# What folders of masks are called: labels, train_masks, annotations; those of the released tree
_MASK_FOLDER = re.compile(
    r"(^|[-_. ])(labels?|masks?|masked|annotations?)($|[-_. ])|^(mxy|mrl|rng|rnl)(-30m)?$",
    re.IGNORECASE,
)
# So many of the folders that a place lies in are looked at: farther ones tell of something else
_ABOVE = 3

MASK = "It is a mask and no picture to draw on. import_labels takes finished masks."


def is_picture(name: str) -> bool:
    """Whether a file has the suffix of a picture."""
    return PurePosixPath(name).suffix.lower() in PICTURE_SUFFIXES


def is_in_mask_folder(name: str, above: tuple[str, ...] = ()) -> bool:
    """Whether a folder in a file's path has a name that folders of masks have.

    above: the folders that the file's place lies in.
    """
    folders = (*above[-_ABOVE:], *PurePosixPath(name).parts[:-1])
    return any(_MASK_FOLDER.search(part) for part in folders)


def why_unused(name: str) -> str:
    """What a file is, by its name alone, that no source reads: a sentence."""
    lower = name.lower()
    if lower.endswith((*ARCHIVE_SUFFIXES, *_OTHER_ARCHIVES)):
        return "It is an archive in a folder. Import it by itself, or unpack it first."
    if lower.endswith(".img"):
        return "It goes with a frame (range, points or mask) that is not there."
    if lower.endswith((".lbl", ".xml")):
        return "It is a label without its .IMG file."
    return f"It is none of the files that images are read from ({PICTURES_READ}; .IMG)."
