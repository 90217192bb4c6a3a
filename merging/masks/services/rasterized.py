"""The labels of one image, read and painted once for all that is merged from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from labeling.annotation.services import postprocessing
from labeling.models import Image, Label
from merging.formats.storage.checksums import sha256
from merging.models import MERGE_METHOD, ImportedMask
from terrain.bitplanes import Planes
from terrain.postprocess import BoolMask


def who_counts(image: Image, role: str) -> QuerySet[Label]:
    """The labels that go into a merge, in a fixed order."""
    return image.labels.accepted().filter(role=role).order_by("pk")


class Drawn:
    """The labels of one image, each read and painted once for all that is made from them.

    `read` are all labels of the image with their polygons, where somebody has read them. Without,
    polygons are read where something is made from them, and not to see that nothing has changed.
    `removed` is what labels lose under the masks, and `codes` are the campaign's class codes,
    where these are known.
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
        self._counting: dict[str, list[Label]] = {}
        self._labels: dict[str, list[Label]] = {}
        self._planes: dict[str, list[Planes]] = {}
        self._imported: dict[str, ImportedMask] | None = None

    def imported(self) -> dict[str, ImportedMask]:
        """The image's imported masks by variant, read once."""
        if self._imported is None:
            self._imported = {given.variant: given for given in self.image.imported_masks.all()}
        return self._imported

    def counting(self, role: str) -> list[Label]:
        """The labels that go into a merge, in a fixed order, perhaps without their polygons."""
        if self._all is not None or role in self._labels:
            return self.labels(role)
        if role not in self._counting:
            self._counting[role] = list(who_counts(self.image, role).defer("polygons"))
        return self._counting[role]

    def labels(self, role: str) -> list[Label]:
        """The labels that go into a merge, in the same order, with their polygons."""
        if role not in self._labels:
            self._labels[role] = (
                list(who_counts(self.image, role))
                if self._all is None
                else [x for x in self._all if x.role == role and x.status == Label.Status.ACCEPTED]
            )
        return self._labels[role]

    def planes(self, role: str) -> list[Planes]:
        """These labels as pixels, post-processed."""
        if role not in self._planes:
            if self._removed is None:
                self._removed = postprocessing.removed_pixels(self.image)
            self._planes[role] = postprocessing.paint(
                self.labels(role), self.image, self.codes, self._removed
            )
        return self._planes[role]

    def inputs(self, counting: Sequence[Label], **parameters: Any) -> str:
        """SHA-256 of all that decides what a merged mask looks like.

        A label is told by its id and version, and by its time of sending: one that was imported,
        deleted and imported again has the same id, and perhaps other polygons. `parameters` are
        plain values.
        """
        made_from = {
            "code": MERGE_METHOD,
            "classes": self.codes,
            "size": [self.image.width, self.image.height],
            "masks": [self.image.rover_mask.name, self.image.range_mask.name],
            "labels": [[str(x.pk), x.version, x.sent_at.isoformat()] for x in counting],
            **parameters,
        }
        return sha256(json.dumps(made_from, sort_keys=True).encode())
