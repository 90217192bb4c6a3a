"""`info.md`: the content of a release, in the order of the original release's `info.md`."""

from __future__ import annotations

from collections.abc import Sequence

from merging.formats.contents.facts import FileFact, ReleaseFacts
from merging.formats.contents.licenses import license_title, license_url
from merging.formats.documents.texts import imported
from terrain.masks import NO_LABEL


def info(facts: ReleaseFacts, files: Sequence[FileFact]) -> bytes:
    """Return the text: the folders, the values of the masks, and the origin of the labels."""
    lines = [f"# {facts.title}", ""]
    if facts.description:
        lines += [facts.description.strip(), ""]
    lines += [
        f"Version {facts.version}, {facts.released_on.isoformat()}. {facts.labels} labels of "
        f"{facts.labelers} labelers and {facts.experts} experts, merged image by image.",
        *imported(facts),
        f"Built with {facts.software}.",
        "",
        "## Labels [.png]",
        "",
        "8-bit grayscale, with the size of their images. The value of a pixel is its class. "
        "Pixels beyond the range limit and on the rover are masked.",
        "",
        *(f"- `{each.code}` - {each.name.lower()}" for each in facts.classes),
        f"- `{NO_LABEL}` - NULL (no label)",
        "",
        "### Train",
        "",
        f"Labels of the crowd, merged by this rule: {facts.rule.rstrip('.')}. "
        "All other pixels are NULL.",
        "",
        "### Test",
        "",
        "Labels of experts who labeled independently, with 100 % agreement of those who labeled a "
        "pixel. `min1`, `min2` and `min3` need at least that many. No test image is in train.",
        "",
        "## Images",
        "",
        "| rover | camera | split | images |",
        "| --- | --- | --- | --- |",
        *(
            f"| {rover} | {camera} | {split or 'no label'} | {count} |"
            for (rover, camera, split), count in sorted(facts.counts.items())
        ),
        "",
        "- `mxy`, `mrl`: 1 = rover. `rng-30m`, `rnl-30m`: 1 = beyond the range limit.",
        "- `raw/labels`: every label as drawn, with a pseudonym for its labeler.",
        "- `manifest.json`: the inputs of each file. `SHA256SUMS`: `sha256sum -c SHA256SUMS`.",
        "",
        "## License and credits",
        "",
        f"{license_title(facts.license)}: {license_url(facts.license)}",
        "",
    ]
    lines += [f"- {creator}" for creator in facts.creators]
    if facts.credits:
        lines += ["", facts.credits.strip()]
    lines += [
        "",
        'The method is that of Swan et al., "AI4MARS: A Dataset for Terrain-Aware Autonomous '
        'Driving on Mars", CVPR Workshops 2021.',
    ]
    return ("\n".join(lines).rstrip() + "\n").encode()
