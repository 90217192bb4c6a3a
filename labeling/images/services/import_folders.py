"""Folders of the server that an import from the managers' page may read."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from ai4mars_site.toolkit.errors import Forbidden
from labeling.images.ingest.places import S3_SCHEME


class FolderRefused(Forbidden):
    """The page may not read this path. The message is the same whether or not the path exists."""

    code = "folder_refused"


def permitted_folders() -> tuple[Path, ...] | None:
    """Return the resolved folders from which a page may import; None if any is permitted."""
    if settings.IMPORT_FOLDERS is None:
        return None
    return tuple(Path(folder).resolve() for folder in settings.IMPORT_FOLDERS)


def permitted(source: str) -> str:
    """Return the source to read: a path with its links resolved, or an address of a bucket.

    Raises FolderRefused for a path outside `settings.IMPORT_FOLDERS`; if that is None, any path is
    permitted.
    """
    if source.startswith(S3_SCHEME):
        return source
    folders = settings.IMPORT_FOLDERS
    if folders is None:
        return source
    # A path that cannot be resolved (a null byte, or links in a circle) is refused as well.
    try:
        path = Path(source).resolve()
        if any(path.is_relative_to(Path(folder).resolve()) for folder in folders):
            return str(path)
    except (OSError, RuntimeError, ValueError):
        pass
    if not folders:
        raise FolderRefused(
            _(
                "This site does not import from folders on its server. Upload an archive, or "
                "enter a bucket as s3://bucket/prefix. The operator of the site can allow "
                "folders."
            )
        )
    raise FolderRefused(
        _(
            "Images on the server can only be imported from these folders: %(folders)s. Enter a "
            "folder inside one of them."
        )
        % {"folders": ", ".join(map(str, folders))}
    )
