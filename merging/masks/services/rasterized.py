"""The labels of one image, read and rasterized once for all masks that are merged from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from labeling.annotation.services import bit_planes
from labeling.models import Image, Label
from merging.formats.storage.checksums import sha256
from merging.models import MERGE_METHOD, ImportedMask
from terrain.bitplanes import Planes
from terrain.postprocess import BoolMask


def accepted_labels(image: Image, role: str) -> QuerySet[Label]:
    """Return the labels of a role that are merged, in a fixed order."""
    return image.labels.accepted().filter(role=role).order_by("pk")


class Rasterized:
    """The labels of one image, each read and rasterized at most once.

    Polygons are read and rasterized only if a mask must be made from them. They are not needed to
    see that nothing changed, or if the bit planes from scoring are still cached.

    Args:
        image: The image, with its campaign.
        read: All labels of the image with their polygons, if they are read already.
        removed: The pixels that post-processing removes, bool (height, width), if known already.
        codes: The class codes, if they are not those of the campaign now.
    """

    def __init__(
        self,
        image: Image,
        read: Sequence[Label] | None = None,
        removed: BoolMask | None = None,
        codes: tuple[int, ...] | None = None,
    ) -> None:
        self.image = image
        self.codes = image.campaign.class_codes() if codes is None else codes
        self._all = read
        self._removed = removed
        self._accepted: dict[str, list[Label]] = {}
        self._labels: dict[str, list[Label]] = {}
        self._planes: dict[str, list[Planes]] = {}
        self._imported: dict[str, ImportedMask] | None = None

    def imported(self) -> dict[str, ImportedMask]:
        """Return the image's imported masks by variant, read once."""
        if self._imported is None:
            self._imported = {mask.variant: mask for mask in self.image.imported_masks.all()}
        return self._imported

    def accepted(self, role: str) -> list[Label]:
        """Return the labels that are merged, in a fixed order. Polygons may be deferred."""
        if self._all is not None or role in self._labels:
            return self._read(role)
        if role not in self._accepted:
            self._accepted[role] = list(accepted_labels(self.image, role).defer("polygons"))
        return self._accepted[role]

    def planes(self, role: str) -> list[Planes]:
        """Return these labels as bit planes, post-processed.

        Call `accepted` afterwards: the labels that are read here, with their polygons, may be
        newer.
        """
        if role not in self._planes:
            found = None
            if self._all is None and role not in self._labels:
                found = bit_planes.cached_planes(self.accepted(role), self.image, self.codes)
            if found is None:
                # The merged mask is stored, so its planes are not needed again.
                found = bit_planes.planes_of(
                    self._read(role), self.image, self.codes, removed=self._removed, keep=False
                )
            self._planes[role] = found
        return self._planes[role]

    def _read(self, role: str) -> list[Label]:
        """Return the labels that are merged, in the same order, with their polygons."""
        if role not in self._labels:
            self._labels[role] = (
                list(accepted_labels(self.image, role))
                if self._all is None
                else [x for x in self._all if x.role == role and x.status == Label.Status.ACCEPTED]
            )
        return self._labels[role]

    def inputs(self, accepted: Sequence[Label], **parameters: Any) -> str:
        """Return the SHA-256 of everything that determines the merged mask."""
        made_from = {
            "code": MERGE_METHOD,
            "classes": self.codes,
            "size": [self.image.width, self.image.height],
            "masks": [self.image.rover_mask.name, self.image.range_mask.name],
            "labels": [[str(x.pk), x.version, x.sent_at.isoformat()] for x in accepted],
            **parameters,
        }
        return sha256(json.dumps(made_from, sort_keys=True).encode())
