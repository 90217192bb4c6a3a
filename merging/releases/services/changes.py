"""What is different in a release from the version before, image by image."""

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

#: What is counted, in the order in which it is told.
_SENTENCES = {
    "new": "images are new.",
    "left": "images are no longer in it.",
    "split": "images changed between splits.",
    "added": "labels of images that were in it before are new or were corrected.",
    "gone": "labels of these were thrown out, or replaced by their corrections.",
    "frames": "images have another picture.",
    "removing": "images have another rover or range mask.",
    "scores": "images have other agreement scores, with the same labels.",
    "said": "images have other ratings, or something else said of the same labels.",
    "merged": "images have another merged mask, from the same labels.",
}


def changes_of(release: Release) -> list[str]:
    """Sentences on what is different from the version before; [] in the first."""
    if release.status == Release.Status.COMPLETE:
        return list(release.changes)
    if release.previous is None:
        return []
    counts: Counter[str] = Counter()
    for before, now in _pairs(release.previous, release):
        counts.update(_different(before, now))
    changed = [f"{counts[name]} {what}" for name, what in _SENTENCES.items() if counts[name]]
    changed += _of_the_whole(release.previous, release)
    return changed or ["Nothing has changed but what the release says of itself."]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is compared of one image: `digests` are SHA-256 by what a file is."""

    product_id: str
    split: str
    labels: frozenset[str]
    scores: Mapping[str, Sequence[float]]
    digests: dict[str, str]


def _pairs(before: Release, now: Release) -> Iterator[tuple[_Known | None, _Known | None]]:
    """The images of two releases side by side; None for one that has an image not.

    Both come in the order of the product ids, so that few are in memory at once.
    """
    older, newer = _known_of(before), _known_of(now)
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


def _known_of(release: Release) -> Iterator[_Known]:
    parts = release_parts.in_order(release, "product_id", "split", "labels", "counted", "files")
    yield from map(_known, parts)


def _known(part: ReleasePart) -> _Known:
    return _Known(
        part.product_id,
        part.split,
        frozenset(part.labels),
        CountedImage.from_json(part.counted).scores,
        {file.key: file.sha256 for file in files_of(part)},
    )


def _different(before: _Known | None, now: _Known | None) -> dict[str, int]:
    """What is different of an image, under the names of `_SENTENCES`."""
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


def _differs(before: _Known, now: _Known, *keys: str) -> bool:
    """Whether a file that both versions have of an image has another content."""
    both = before.digests.keys() & now.digests.keys()
    return any(before.digests[key] != now.digests[key] for key in both.intersection(keys))


def _of_the_whole(before: Release, now: Release) -> Iterator[str]:
    if before.method != now.method:
        yield f"Labels are merged another way: {requests.method_of(now)}."
    if before.layout != now.layout:
        yield f"The layout is {now.layout}, and was {before.layout}."
    if before.formats != now.formats:
        yield f"Formats beside the tree are {_listed(now)}, and were {_listed(before)}."
    if before.classes != now.classes:
        yield "Names, codes or colors of classes are others."
    if before.pseudonym_key != now.pseudonym_key:
        yield "Labelers have other pseudonyms."


def _listed(release: Release) -> str:
    return ", ".join(release.formats) or "none"
