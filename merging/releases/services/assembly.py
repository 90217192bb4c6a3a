"""Assembly of the tree of a release from its parts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from ai4mars_site import __version__
from ai4mars_site.toolkit.bulk import chunks
from ai4mars_site.toolkit.jobs import keep_alive
from labeling.images.ingest.product_ids import file_stems
from labeling.models import Role
from merging.formats.contents import manifest
from merging.formats.contents.facts import (
    UNKNOWN_ROVER,
    FileFact,
    Fragment,
    Import,
    ReleaseFacts,
    import_totals,
)
from merging.formats.documents import DOCUMENTS
from merging.formats.exports import EXPORTS
from merging.formats.statistics.counts import CountedImage, Statistics
from merging.formats.storage import checksums
from merging.formats.tree import gold_lists
from merging.models import Release
from merging.releases.services import changes, requests
from merging.releases.services import parts as release_parts
from merging.releases.services.build_settings import classes_of
from merging.releases.services.part_records import PartFile, PartRecord, files_of, fragment_of
from merging.releases.services.parts import store
from terrain.masks import NO_LABEL

#: The number of copying threads. Most of the work is done by the kernel and the disk.
COPIES_AT_ONCE = 2
#: The number of images whose files are submitted for copying before waiting for them.
PARTS_AT_ONCE = 50


@dataclass(slots=True)
class Built:
    """An assembled tree: the SHA-256 of its SHA256SUMS, its changes, and its statistics."""

    sums: str
    changes: list[str]
    software_version: str
    statistics: Statistics


def assemble(release: Release, tree: Path, *, link: bool) -> Built:
    """Write all files of a release below `tree` from its parts.

    `link` makes hard links to the store.
    """
    tree.mkdir()
    writer = _Writer(release, tree)
    objects = store()

    def placed(file: PartFile) -> FileFact:
        objects.place(file.sha256, tree / file.path, link=link)
        return file.fact

    with ThreadPoolExecutor(COPIES_AT_ONCE) as pool:
        for parts in chunks(release_parts.in_order(release, "files"), PARTS_AT_ONCE):
            files = chain.from_iterable(files_of(part) for part in parts)
            writer.files |= {fact.path: fact for fact in pool.map(placed, files)}
            keep_alive(release)
    for path, content in gold_lists.of(list(writer.files)).items():
        writer.write(path, [content])
    facts, totals = facts_of(release)
    stems = file_stems(release.parts.order_by().values_list("product_id", flat=True))
    for name in release.formats:
        fragments = _Fragments(release, name, stems)
        for path, pieces in EXPORTS[name].files(facts, fragments, writer.read):
            writer.write(path, pieces)
    entries = (
        manifest.Entry(
            part.product_id,
            part.split,
            len(part.labels),
            part.inputs,
            {file.key: file.path for file in reversed(files_of(part))},
            part.merged_labels,
            part.imports,
            CountedImage.from_json(part.counted).rover_mask,
        )
        for part in release_parts.in_order(release)
    )
    writer.write(manifest.NAME, manifest.pieces(facts, release.formats, entries))
    described = sorted(writer.files.values(), key=lambda file: file.path)
    for path, document in DOCUMENTS.items():
        writer.write(path, [document(facts, described)])
    text = checksums.sums_text({file.path: file.sha256 for file in writer.files.values()}).encode()
    (tree / checksums.NAME).write_bytes(text)
    return Built(checksums.sha256(text), list(facts.changes), facts.software_version, totals)


@dataclass(slots=True)
class _Writer:
    """Writes the files of a tree that are not in the store, and computes their checksums."""

    release: Release
    tree: Path
    files: dict[str, FileFact] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        return (self.tree / path).read_bytes()

    def write(self, path: str, pieces: Iterable[bytes]) -> None:
        target = self.tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with target.open("xb") as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
                keep_alive(self.release)
        self.files[path] = FileFact(path, digest.hexdigest(), size)


@dataclass(frozen=True, slots=True)
class _Fragments(Collection[Fragment]):
    """The fragments of one format of all images of a release, read from the store one by one."""

    release: Release
    name: str
    stems: Mapping[str, str]

    def __len__(self) -> int:
        return self.release.parts.count()

    def __contains__(self, fragment: object) -> bool:
        return any(fragment == known for known in self)

    def __iter__(self) -> Iterator[Fragment]:
        objects = store()
        for part in release_parts.in_order(self.release, "product_id", "split", "fragments"):
            piece = fragment_of(part, self.name)
            stem = self.stems.get(part.product_id, "")
            yield Fragment(part.product_id, part.split, objects.read(piece.sha256), stem)
            keep_alive(self.release)


def facts_of(release: Release) -> tuple[ReleaseFacts, Statistics]:
    """Return the facts that the documents of a release contain, and its statistics."""
    totals = Statistics()
    counts: dict[tuple[str, str, str], int] = {}
    people: dict[str, set[str]] = {}
    labels = corrected = 0
    unlabeled = Counter[str]()
    imports: list[Import] = []
    unknown_rovers = Counter[tuple[str, str]]()
    for part in map(PartRecord.of, release_parts.in_order(release)):
        image = part.counted
        totals.add(image)
        unlabeled.update(image.unlabeled)
        key = (image.rover, image.camera, part.split)
        counts[key] = counts.get(key, 0) + 1
        unknown_rovers[image.rover, image.camera] += image.rover_mask == UNKNOWN_ROVER
        labels += len(part.labels)
        corrected += image.corrected
        imports += part.imports
        for role, names in part.labelers.items():
            people.setdefault(role, set()).update(names)
    method = requests.method_of(release)
    facts = ReleaseFacts(
        slug=release.campaign.slug,
        title=release.title or release.campaign.name,
        description=release.description,
        version=release.version,
        layout=release.layout,
        released_on=release.released_on,
        license=release.license,
        creators=tuple(release.creators),
        credits=release.credits,
        homepage=release.homepage,
        classes=classes_of(release),
        rule=str(method),
        parameters=method.to_json(),
        counts=counts,
        pixels={
            variant: {**pixels, NO_LABEL: unlabeled[variant]}
            for variant, pixels in totals.pixels.items()
        },
        labels=labels,
        corrected=corrected,
        labelers=len(people.get(Role.CROWD, ())),
        experts=len(people.get(Role.EXPERT, ())),
        # A release that is built again keeps the version that built it first.
        software_version=release.software_version or __version__,
        masks=dict(totals.masks),
        empty={variant: dict(reasons) for variant, reasons in totals.empty.items()},
        unscored=dict(totals.unscored),
        previous=release.previous.version if release.previous else "",
        changes=tuple(changes.changes_of(release)),
        imports=import_totals(imports),
        unknown_rovers={camera: count for camera, count in unknown_rovers.items() if count},
    )
    return facts, totals
