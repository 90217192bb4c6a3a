"""Build releases like the command, without its output."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from labeling.models import Campaign
from merging.models import Release
from merging.releases.services import builder
from merging.releases.services.builder import claim
from merging.releases.services.requests import ReleaseRequest, request_release
from tests.factories import ACTOR


def build(
    campaign: Campaign, out: Path, version: str = "0.1", wanted: ReleaseRequest | None = None
) -> Path:
    """Request, claim and build a release; return the folder of its tree."""
    release = claim(request_release(ACTOR, campaign, version, wanted).pk)
    assert release is not None
    return builder.build_folder(release, out, 1, lambda items, total: iter(items))


def files_in(tree: Path) -> dict[str, bytes]:
    return {
        path.relative_to(tree).as_posix(): path.read_bytes()
        for path in tree.rglob("*")
        if path.is_file()
    }


def lose(release: Release) -> None:
    """Let the heartbeat of the builder expire."""
    silent = timezone.now() - Release.silence - timedelta(seconds=1)
    Release.objects.filter(pk=release.pk).update(heartbeat_at=silent)
