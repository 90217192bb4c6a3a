"""The settings of a release that determine the files of its images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labeling.images.ingest.product_ids import file_stem, file_stems
from labeling.models import Image
from merging.formats.contents.facts import ReleasedClass
from merging.formats.storage.checksums import sha256
from merging.models import Release
from merging.releases.services import requests
from terrain.aggregation.methods import MergeMethod


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """The settings that all images of a release share, small enough to send to other processes.

    Attributes:
        layout: A `Release.Layout`.
        method: How the crowd's labels are merged.
        formats: Names of the formats, see `merging.formats.exports`.
        classes: The taxonomy, by code.
        pseudonym_key: The secret key for the pseudonyms of labelers.
        stems: File names without suffix by product id, for images whose ids alone do not give
            unique file names (`product_ids.file_stems`).
    """

    layout: str
    method: MergeMethod
    formats: tuple[str, ...]
    classes: tuple[ReleasedClass, ...]
    pseudonym_key: str
    stems: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(release: Release) -> BuildSettings:
        """Return the stored settings of a release, with the current file names of its images."""
        images = Image.objects.filter(campaign=release.campaign_id).in_dataset()
        return BuildSettings(
            release.layout,
            requests.method_of(release),
            tuple(release.formats),
            classes_of(release),
            release.pseudonym_key,
            file_stems(images.order_by().values_list("product_id", flat=True)),
        )

    def stem_of(self, product_id: str) -> str:
        """Return the file name of an image, without suffix."""
        return self.stems.get(product_id) or file_stem(product_id)

    def to_json(self) -> list[Any]:
        """Return all settings that determine the bytes of the images, with the key as a checksum.

        This is part of `ImageSnapshot.inputs`: changing its form makes all parts of all releases
        stale.
        """
        classes = [[each.code, each.name, each.color] for each in self.classes]
        key = sha256(self.pseudonym_key.encode())
        return [self.layout, self.method.to_json(), sorted(self.formats), classes, key]


def classes_of(release: Release) -> tuple[ReleasedClass, ...]:
    """Return the taxonomy of a release, by code."""
    return tuple(ReleasedClass(*row) for row in release.classes)
