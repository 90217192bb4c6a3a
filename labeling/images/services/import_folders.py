"""Which folders of the server an import from the page may read."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from ai4mars_site.toolkit.errors import Forbidden
from labeling.images.ingest.places import S3_SCHEME


class FolderRefused(Forbidden):
    """A path that the page may not read. The sentence is the same whether it exists or not."""

    code = "folder_refused"


def permitted_folders() -> tuple[Path, ...] | None:
    """The folders that files of a page's import must lie below, resolved; None permits any."""
    if settings.IMPORT_FOLDERS is None:
        return None
    return tuple(Path(folder).resolve() for folder in settings.IMPORT_FOLDERS)


def permitted(source: str) -> str:
    """The source as it is read: a path with its links resolved, or an address of a bucket.

    Raises FolderRefused for a path outside `settings.IMPORT_FOLDERS`; None there permits every one.
    """
    if source.startswith(S3_SCHEME):
        return source
    folders = settings.IMPORT_FOLDERS
    if folders is None:
        return source
    # What cannot be a path (it has a null byte, or its links go in circles) is outside as well.
    try:
        path = Path(source).resolve()
        if any(path.is_relative_to(Path(folder).resolve()) for folder in folders):
            return str(path)
    except (OSError, RuntimeError, ValueError):
        pass
    if not folders:
        raise FolderRefused(
            _(
                "This site reads no folders of its server. Send an archive, or name a bucket as "
                "s3://bucket/prefix. The operator of the site can allow folders."
            )
        )
    raise FolderRefused(
        _("Images on the server are read from these folders: %(folders)s. Name one below them.")
        % {"folders": ", ".join(map(str, folders))}
    )
