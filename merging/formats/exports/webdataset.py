"""WebDataset: tar files with the files of one image after another. Pure.

    webdataset/<split>-<number>.tar    of "train" and "test", each about SHARD_BYTES large

A sample consists of `<key>.jpg`, `<key>.label.png`, `<key>.rover_mask.png`, `<key>.range_mask.png`
and `<key>.json`; a gold sample also has `<key>.gold_min1.png` to `gold_min3.png`, and its label is
`gold_min3`. The key is the product id, with a dot as %2E. The files are identical to those of the
tree: masks have class codes and 255 for no label.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from merging.formats.contents.facts import (
    Fragment,
    Read,
    ReleasedClass,
    ReleasedImage,
    ReleaseFacts,
)
from merging.formats.exports.pieces import VARIANTS_OF_SPLIT, file_key, json_bytes, splits
from merging.formats.exports.records import FILES, LABEL_OF_SPLIT, record
from merging.formats.exports.shards import SHARD_BYTES, in_shards

Sample = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class WebDataset:
    """The WebDataset format."""

    name: str = "webdataset"
    shard_bytes: int = SHARD_BYTES

    def fragment(self, image: ReleasedImage, classes: Sequence[ReleasedClass]) -> bytes:
        return json_bytes(record(image)) if image.split in VARIANTS_OF_SPLIT else b""

    def files(
        self, facts: ReleaseFacts, fragments: Collection[Fragment], read: Read
    ) -> Iterator[tuple[str, Iterable[bytes]]]:
        for split in splits(facts):
            samples = (_sample(fragment, read) for fragment in fragments if fragment.split == split)
            for number, shard in enumerate(in_shards(samples, _size, self.shard_bytes)):
                yield f"webdataset/{split}-{number:06d}.tar", _tar(shard)


def _sample(fragment: Fragment, read: Read) -> Sample:
    """Return the files of one image, by their names in the tar."""
    known = json.loads(fragment.data)
    key, files = file_key(fragment.name), known["files"]
    masks = {name.replace("-", "_"): files[name] for name in FILES[1:] if name in files}
    masks["label"] = files[LABEL_OF_SPLIT[known["split"]]]
    masks.pop("train", None)
    return {
        f"{key}.jpg": read(files["frame"]),
        **{f"{key}.{name}.png": read(path) for name, path in sorted(masks.items())},
        f"{key}.json": json_bytes(known),
    }


def _size(sample: Sample) -> int:
    return sum(len(content) for content in sample.values())


def _tar(samples: Iterable[Sample]) -> Iterator[bytes]:
    """Yield a tar file. Owner and times are 0, so that equal samples give equal bytes."""
    for sample in samples:
        for name, content in sample.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            yield member.tobuf(tarfile.PAX_FORMAT)
            yield content
            yield bytes(-len(content) % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)
