"""Places of a source's files: folders and buckets. Sources list names and fetch files.

An archive is unpacked first (`archives.py`) and is then a folder like any other. Buckets are in
`buckets.py`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from labeling.images.ingest.products import Refused, UnknownSource, Unused

S3_SCHEME = "s3://"

# Reasons to leave a file out of a listing
HIDDEN_FILE = "It is hidden: its name, or that of its folder, begins with a dot."
HIDDEN_FOLDER = "It is hidden: its name begins with a dot. The files in it were not examined."
LINK_OUT = (
    "It is a link to a file outside the folders that this site may read. Give a folder that "
    "holds the file itself."
)
LINKED_FOLDER = "It is a link to a folder, which is not followed. Give that folder instead."

# Replaces what is not UTF-8 in a file's name: databases and reports accept nothing else
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Place(Protocol):
    """Files by name. Names are relative, with `/` between folders on every system.

    Places can be pickled and compared: equal ones have the same files.
    """

    def __hash__(self) -> int: ...

    def names(self) -> list[str]:
        """Return all files, sorted, without those of `left_out`. No file is opened.

        Raises UnknownSource if the place itself cannot be read.
        """
        ...

    def left_out(self) -> list[Unused]:
        """Return what `names` does not list, sorted, each with the reason.

        That is hidden files and folders, and in a folder also links to folders and unreadable
        folders. A folder's name ends in `/`.
        """
        ...

    def find(self, name: str) -> Path | None:
        """Return the local path of a file; None if there is none of this name.

        Files of one folder are fetched into one folder. Raises `products.Refused` for a file that
        cannot be fetched. The path stays valid until the oldest fetched files are deleted.
        """
        ...

    def fetch(self, name: str) -> Path:
        """Return the local path of a file. Raise Refused if there is none of this name."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine.

    `within` are resolved folders that files must be below, also through links; None: anywhere.
    """

    root: Path
    within: tuple[Path, ...] | None = None

    def names(self) -> list[str]:
        return self._walk()[0]

    def left_out(self) -> list[Unused]:
        return self._walk()[1]

    def _walk(self) -> tuple[list[str], list[Unused]]:
        """Return the results of `names` and `left_out`."""
        found: set[str] = set()
        left_out: dict[str, str] = {}

        def unreadable(error: OSError) -> None:
            name = self._name_of(error.filename)
            if not name:
                raise UnknownSource(f"{self.root} cannot be read: {error.strerror}.")
            left_out[name] = f"The folder cannot be read: {error.strerror}."

        for folder, folders, files in os.walk(self.root, onerror=unreadable):
            base = self._name_of(folder)
            for name in files:
                if name.startswith("."):
                    left_out[readable(base + name)] = HIDDEN_FILE
                elif not self._is_permitted(Path(folder, name)):
                    left_out[readable(base + name)] = LINK_OUT
                else:
                    found.add(readable(base + name))
            for name in folders:
                if name.startswith("."):
                    left_out[readable(f"{base}{name}/")] = HIDDEN_FOLDER
                elif os.path.islink(os.path.join(folder, name)):
                    left_out[readable(f"{base}{name}/")] = LINKED_FOLDER
            folders[:] = [name for name in folders if not name.startswith(".")]
        return sorted(found), [Unused(name, left_out[name]) for name in sorted(left_out)]

    def _is_permitted(self, path: Path) -> bool:
        if self.within is None:
            return True
        try:
            resolved = path.resolve()
        except (OSError, RuntimeError):  # links in a circle
            return False
        return any(resolved.is_relative_to(folder) for folder in self.within)

    def _name_of(self, folder: str) -> str:
        """Return a folder's name in the place, with a `/` at its end; "" for the place itself."""
        parts = Path(folder).relative_to(self.root).parts
        return readable("".join(f"{part}/" for part in parts))

    def find(self, name: str) -> Path | None:
        check_name(name)
        path = self.root / name
        if not self._is_permitted(path):
            raise Refused(f"{name} cannot be read. {LINK_OUT}")
        if path.is_file():
            return path
        if REPLACEMENT in name:
            raise Refused(f"The name of {name} is not written in UTF-8. Rename the file.")
        return None

    def fetch(self, name: str) -> Path:
        return existing(self.find(name), name)


def readable(name: str) -> str:
    """Return a file's name with replacements for bytes that are not UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def existing(path: Path | None, name: str) -> Path:
    """Return the path of a found file. Raise Refused for None: there is no such file."""
    if path is None:
        raise Refused(f"{name} cannot be read: there is no such file.")
    return path


def check_name(name: str) -> None:
    """Raise Refused for a name that could lead out of its place."""
    parts = name.split("/")
    if any(part in {"", ".", ".."} or "\0" in part or len(part.encode()) > 255 for part in parts):
        raise Refused(f"{name!r} is not the name of a file in a folder. Rename it.")
