"""`DATASHEET.md`: a datasheet for the dataset (Gebru et al., "Datasheets for Datasets", 2021).

It answers their seven groups of questions as far as the stored data allow.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from merging.formats.contents.facts import (
    SOFTWARE_LICENSE,
    VARIANTS,
    Emptiness,
    FileFact,
    ReleaseFacts,
)
from merging.formats.contents.licenses import license_url
from merging.formats.documents.naming import (
    PAPER_AUTHORS,
    PAPER_TITLE,
    PAPER_VENUE,
    PAPER_YEAR,
    creators,
    publisher,
    rights,
)
from merging.formats.documents.texts import imported, markdown_table
from merging.formats.statistics.counts import ALONE, EMPTY
from terrain.masks import NO_LABEL


def datasheet(facts: ReleaseFacts, files: Sequence[FileFact]) -> bytes:
    """Return the datasheet: motivation, composition, collection, preprocessing, uses, and so on."""
    lines = [f"# Datasheet: {facts.title}, version {facts.version}"]
    for title, part in (
        ("Motivation", _motivation(facts)),
        ("Composition", _composition(facts, files)),
        ("Collection", _collection(facts)),
        ("Preprocessing, cleaning, labeling", _preprocessing(facts)),
        ("Uses", _uses(facts)),
        ("Distribution", _distribution(facts)),
        ("Maintenance", _maintenance(facts)),
    ):
        lines += ["", f"## {title}", "", *part]
    return ("\n".join(lines) + "\n").encode()


def _motivation(facts: ReleaseFacts) -> Iterator[str]:
    yield "**Why was it made?** To train and test models that classify the terrain of Mars."
    if facts.description.strip():
        yield ""
        yield facts.description.strip()
    yield ""
    yield f"**Who made it?** {'; '.join(each.whole for each in creators(facts))}."


def _composition(facts: ReleaseFacts, files: Sequence[FileFact]) -> Iterator[str]:
    yield (
        f"**What is in it?** {sum(facts.counts.values())} images by rovers, and masks of the "
        f"terrain in them, from {facts.labels} accepted labels. A label is everything "
        f"that one person drew on one image. {len(files)} files, "
        f"{sum(file.size for file in files)} bytes."
    )
    yield ""
    yield from markdown_table(
        ("rover", "camera", "split", "images"),
        (
            (rover, camera, split or "no label", count)
            for (rover, camera, split), count in sorted(facts.counts.items())
        ),
    )
    yield ""
    yield "**What does a mask hold?** A class code for each pixel. Pixels by class, in percent:"
    yield ""
    there = [variant for variant in VARIANTS if facts.pixels.get(variant)]
    codes = [(each.code, each.name) for each in facts.classes] + [(NO_LABEL, "no label")]
    yield from markdown_table(
        ("code", "class", *there),
        ((code, name, *(_percent(facts, v, code) for v in there)) for code, name in codes),
    )
    yield ""
    yield "**Are there masks without any label?** " + _empty_masks(facts)
    yield ""
    yield "**How is it split?** " + _splits(facts)
    yield ""
    yield (
        "**Is anything missing?** Labels are sparse on purpose. A pixel without a label had too "
        "little agreement, was not labeled, was masked, or was too far away. Its terrain is "
        "unknown."
    )
    if facts.unknown_rovers:
        yield ""
        yield (
            "**Is the rover masked in every image?** No: nobody delivered or drew a rover mask for "
            f"{sum(facts.unknown_rovers.values())} images. They have `rover_mask: unknown` in "
            "`manifest.json`, and `rover_mask_source` in the metadata. Their mask files are all 0, "
            "because readers of the dataset expect one for each image. That does not say that "
            "there is no rover in them, and labels may lie on it."
        )
        yield ""
        yield from markdown_table(
            ("rover", "camera", "images with `rover_mask: unknown`"),
            (
                (rover, camera, count)
                for (rover, camera), count in sorted(facts.unknown_rovers.items())
            ),
        )
    yield ""
    yield (
        "**Does it have data about people?** Images show Mars. Labelers have pseudonyms, which "
        "cannot be reversed without a secret key that is not in the dataset."
    )


def _percent(facts: ReleaseFacts, variant: str, code: int) -> str:
    pixels = facts.pixels[variant]
    return f"{100 * pixels.get(code, 0) / sum(pixels.values()):.2f}"


#: Reasons for empty masks, in order.
_EMPTY = {
    Emptiness.NO_LABELS: "the image has no labels of the group that makes the mask",
    Emptiness.REMOVED: "the labels have no pixels outside the rover and range masks",
    Emptiness.TOO_FEW: "the image has fewer labels than a pixel needs",
    Emptiness.APART: "no pixel has as many labels as needed",
    Emptiness.IMPORTED: "it was imported empty",
    Emptiness.NO_MAJORITY: "the labels do not agree enough",
}


def _empty_masks(facts: ReleaseFacts) -> str:
    said = []
    for variant in VARIANTS:
        counts = facts.empty.get(variant, {})
        if empty := sum(counts.values()):
            reasons = "; ".join(
                f"{counts[reason]} because {why}"
                for reason, why in _EMPTY.items()
                if reason in counts
            )
            said.append(f"`{variant}`: {empty} of {facts.masks[variant]} are empty, {reasons}.")
    return " ".join(said) or "No mask is empty."


def _splits(facts: ReleaseFacts) -> str:
    images = Counter[str]()
    for (_, _, split), count in facts.counts.items():
        images[split] += count
    return (
        f"`train`: {images['train']} images labeled by the crowd. `test`: {images['test']} images "
        f"labeled by experts, in three variants by the number of experts who agree. {images['']} "
        "images have no label. No image is in two splits."
    )


def _collection(facts: ReleaseFacts) -> Iterator[str]:
    if facts.labelers or facts.experts or not facts.imports:
        yield (
            f"**Who labeled?** {facts.labelers} volunteers and {facts.experts} experts, who drew "
            "outlines on the images by hand, each alone."
        )
        if facts.corrected:
            yield ""
            yield (
                f"**Is every label independent?** No: {facts.corrected} were corrected after their "
                "labelers saw the others' labels of the image, as experts do in their expert "
                'consensus meeting. They are used; raw labels have `"independent": false`.'
            )
    else:
        yield "**Who labeled?** Nobody drew labels for this version: all were imported."
    yield ""
    if facts.imports:
        yield "**What was imported?** It is unknown how these labels were drawn, and by whom."
        yield ""
        yield from (f"- {sentence}" for sentence in imported(facts))
        yield ""
    yield "**How were labels checked?** " + (
        "Each was compared with the others of its image by the same group, volunteers or experts, "
        f"which gave its agreement score. {_scores(facts)} Labels that reviewers rejected are not "
        "in this version. The ratings of the others are with the raw labels."
        if facts.labels or not facts.imports
        else "Not here: the labels of the imported masks are not in this version."
    )
    if facts.credits.strip():
        yield ""
        yield f"**Credits:** {facts.credits.strip()}"


def _scores(facts: ReleaseFacts) -> str:
    unscored = sum(facts.unscored.values())
    if not unscored:
        return f"All {facts.labels} labels have one."
    said = f"{facts.labels - unscored} of {facts.labels} labels have one; for the others it is null"
    if alone := facts.unscored.get(ALONE, 0):
        said += f", for {alone} because no other label of the image can be compared with it"
    if empty := facts.unscored.get(EMPTY, 0):
        said += f", for {empty} because it has no pixels outside the rover and range masks"
    return f"{said}."


def _preprocessing(facts: ReleaseFacts) -> Iterator[str]:
    yield (
        "**What was done to the labels?** Pixels on the rover or beyond the range limit were "
        f"removed. Labels of the crowd were merged by this rule: {facts.rule.rstrip('.')}. Labels "
        "of experts were merged where all experts who labeled a pixel agree."
        + (" Imported masks were not changed." if _has_masks(facts) else "")
    )
    yield ""
    yield "**With which parameters?**"
    yield ""
    yield from markdown_table(
        ("parameter", "value"),
        ((name, json.dumps(value)) for name, value in sorted(facts.parameters.items())),
    )
    yield ""
    yield f"**With which software?** {facts.software}, which is free software ({SOFTWARE_LICENSE})."
    yield ""
    yield "**Are raw labels included?** Yes, all accepted labels as drawn: `raw/labels`." + (
        " The labels of imported masks are not included." if _has_masks(facts) else ""
    )


def _has_masks(facts: ReleaseFacts) -> bool:
    return any(each.what == "mask" for each in facts.imports)


def _uses(facts: ReleaseFacts) -> Iterator[str]:
    authors = ", ".join(f"{given} {family}" for family, given in PAPER_AUTHORS)
    yield "**What is it for?** Semantic segmentation of terrain, and the study of crowd labels."
    yield ""
    yield (
        "**What should users know?** The class frequencies differ strongly (see the table): use "
        "class weights. Ignore pixels without a label, in training and in testing. Test on "
        "`test`, never train on it."
    )
    yield ""
    yield (
        "**What is it not for?** It is not sufficient for safe driving of a rover: it contains "
        "what people saw in images."
    )
    yield ""
    yield f'The method: {authors}: "{PAPER_TITLE}". {PAPER_VENUE}, {PAPER_YEAR}.'


def _distribution(facts: ReleaseFacts) -> Iterator[str]:
    yield f"**Under what terms?** {rights(facts)}: {license_url(facts.license)}"
    yield ""
    where = facts.homepage or "No home page is given."
    yield f"**When and where?** {facts.released_on.isoformat()}. {where}"
    yield ""
    yield "**Is it complete?** Check it with `sha256sum -c SHA256SUMS`."


def _maintenance(facts: ReleaseFacts) -> Iterator[str]:
    if facts.homepage:
        yield f"**Who maintains it?** Whoever runs {publisher(facts)}."
        yield ""
    yield "**Will it change?** This version never changes. A later version has another number."
    if facts.previous:
        yield ""
        yield f"**What has changed since version {facts.previous}?**"
        yield ""
        yield from (f"- {change}" for change in facts.changes)
