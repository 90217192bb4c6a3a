"""The changes of a release since the previous version, image by image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from merging.formats.contents.facts import VARIANTS
from merging.formats.statistics.counts import CountedImage
from merging.models import Release, ReleasePart
from merging.releases.services import parts as release_parts
from merging.releases.services import requests
from merging.releases.services.part_records import files_of

#: The sentence of each kind of change, in order. A number comes before it.
_SENTENCES = {
    "new": "images are new.",
    "left": "images were removed.",
    "split": "images changed between splits.",
    "added": "labels of earlier images are new or were corrected.",
    "gone": "labels of earlier images were rejected, or replaced by their corrections.",
    "frames": "images have another frame.",
    "removing": "images have another rover or range mask.",
    "scores": "images have other agreement scores, with the same labels.",
    "said": "images have other ratings or other metadata of the same labels.",
    "merged": "images have another merged mask, from the same labels.",
}


def changes_of(release: Release) -> list[str]:
    """Return sentences on the changes since the previous version; [] for the first version."""
    if release.status == Release.Status.COMPLETE:
        return list(release.changes)
    if release.previous is None:
        return []
    counts: Counter[str] = Counter()
    for before, now in _pairs(release.previous, release):
        counts.update(_count_changes(before, now))
    changed = [f"{counts[name]} {what}" for name, what in _SENTENCES.items() if counts[name]]
    changed += _release_changes(release.previous, release)
    return changed or ["Only the description of the release changed."]


@dataclass(frozen=True, slots=True)
class _ComparedPart:
    """The values of one image that are compared. `digests` are SHA-256 by kind of file."""

    product_id: str
    split: str
    labels: frozenset[str]
    scores: Mapping[str, Sequence[float]]
    digests: dict[str, str]


def _pairs(
    before: Release, now: Release
) -> Iterator[tuple[_ComparedPart | None, _ComparedPart | None]]:
    """Yield the images of two releases in pairs, with None for an image that one of them lacks.

    Both are read in the order of product ids, so that few are in memory at the same time.
    """
    older, newer = _compared_parts(before), _compared_parts(now)
    one, other = next(older, None), next(newer, None)
    while one or other:
        if other is None or (one and one.product_id < other.product_id):
            yield one, None
            one = next(older, None)
        elif one is None or other.product_id < one.product_id:
            yield None, other
            other = next(newer, None)
        else:
            yield one, other
            one, other = next(older, None), next(newer, None)


def _compared_parts(release: Release) -> Iterator[_ComparedPart]:
    parts = release_parts.in_order(release, "product_id", "split", "labels", "counted", "files")
    yield from map(_compared_part, parts)


def _compared_part(part: ReleasePart) -> _ComparedPart:
    return _ComparedPart(
        part.product_id,
        part.split,
        frozenset(part.labels),
        CountedImage.from_json(part.counted).scores,
        {file.key: file.sha256 for file in files_of(part)},
    )


def _count_changes(before: _ComparedPart | None, now: _ComparedPart | None) -> dict[str, int]:
    """Return the number of changes of an image, by the names of `_SENTENCES`."""
    if before is None or now is None:
        return {"new": int(before is None), "left": int(now is None)}
    found = {
        "split": int(before.split != now.split),
        "added": len(now.labels - before.labels),
        "gone": len(before.labels - now.labels),
        "frames": int(_differs(before, now, "frame")),
        "removing": int(_differs(before, now, "rover_mask", "range_mask")),
    }
    if before.labels == now.labels:
        has_other_scores = before.scores != now.scores
        found["scores"] = int(has_other_scores)
        found["said"] = int(not has_other_scores and _differs(before, now, "raw"))
        found["merged"] = int(_differs(before, now, *VARIANTS))
    return found


def _differs(before: _ComparedPart, now: _ComparedPart, *keys: str) -> bool:
    """Return whether a file of an image that is in both versions has different content."""
    both = before.digests.keys() & now.digests.keys()
    return any(before.digests[key] != now.digests[key] for key in both.intersection(keys))


def _release_changes(before: Release, now: Release) -> Iterator[str]:
    """Yield sentences on the changes of the settings of the release."""
    if before.method != now.method:
        yield f"The merge method changed: {requests.method_of(now)}."
    if before.layout != now.layout:
        yield f"The layout changed from {before.layout} to {now.layout}."
    if before.formats != now.formats:
        yield f"The further formats changed from {_listed(before)} to {_listed(now)}."
    if before.classes != now.classes:
        yield "Names, codes or colors of classes changed."
    if before.pseudonym_key != now.pseudonym_key:
        yield "The pseudonyms of labelers changed."


def _listed(release: Release) -> str:
    return ", ".join(release.formats) or "none"
