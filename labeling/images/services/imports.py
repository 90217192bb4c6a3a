"""Taking in images: one candidate at a time, in any process, twice without harm."""

from __future__ import annotations

import contextlib
import hashlib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ai4mars_site.toolkit.actors import Actor
from labeling.images.files import copy_name, keep, put
from labeling.images.ingest.product_ids import MAX_FILE_STEM, file_stem
from labeling.images.ingest.products import Candidate, NotUsed, Product, Refused, Source
from labeling.images.preparation.image_files import Parameters, Prepared, prepare
from labeling.models import Campaign, Image, ImageQuality, ImportItem

_MAX_ID = Image._meta.get_field("product_id").max_length or 0
# Unicode's categories of control characters, line and paragraph separators, and what is no text
_UNSEEN = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
# They turn the direction of writing, so that an id reads as another one.
_DIRECTION_MARKS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: imported now, present already, or with a reason refused or not used.

    Of one that is imported, the reason says which files that go with it were not used. What is
    itself not used is no frame, though its name is like that of one.
    """

    name: str
    status: str
    reason: str = ""

    IMPORTED = "imported"
    PRESENT = "present"
    REFUSED = "refused"
    UNUSED = "unused"


def import_candidate(
    actor: Actor, campaign_id: int, source: Source, candidate: Candidate, item: int | None = None
) -> Outcome:
    """Import one candidate unless the campaign has an image of that product id or content.

    One whose file is the very file of the campaign's image is present and not decoded. One of the
    same id that shows something else is refused. item: the id of the job's item that it is, marked
    as imported together with the image.
    """
    campaign = Campaign.objects.get(pk=campaign_id)

    def take(product: Product) -> bool:
        return import_product(actor, campaign, product, item=item) is not None

    return _outcome(campaign, source, candidate, take)


def examine_candidate(
    campaign: Campaign, source: Source, candidate: Candidate
) -> tuple[Outcome, str]:
    """What `import_candidate` would say, and the sum of the frame's pixels; nothing is stored.

    campaign: also one that is not saved, whose images there are none of.
    """
    sums = [""]

    def look(product: Product) -> bool:
        if _images(campaign).filter(product_id=product.product_id).exists():
            return False
        sums[0] = content_sum(product)
        check_content(campaign, product.product_id, sums[0])
        prepare(product, parameters_of(campaign))
        return True

    return _outcome(campaign, source, candidate, look), sums[0]


def _outcome(
    campaign: Campaign, source: Source, candidate: Candidate, take: Callable[[Product], bool]
) -> Outcome:
    """What becomes of a candidate. take: False where the campaign has the product already."""
    name = candidate.product_id
    try:
        # First: a database may not even be asked for an id that it cannot keep.
        check_name(name)
        known = _images(campaign).filter(product_id=name).first()
        if known is not None and known.source_sha256 == source.checksum(candidate):
            return Outcome(name, Outcome.PRESENT)
        product = source.load(candidate, frozenset(campaign.allowed_cameras))
        name = product.product_id
        check_name(name)
        if take(product):
            return Outcome(name, Outcome.IMPORTED, " ".join(product.notes))
        check_unchanged(campaign.images.get(product_id=name), product)
    except NotUsed as reason:
        return Outcome(name, Outcome.UNUSED, str(reason))
    except Refused as refused:
        return Outcome(name, Outcome.REFUSED, str(refused))
    return Outcome(name, Outcome.PRESENT)


def _images(campaign: Campaign) -> QuerySet[Image]:
    return Image.objects.none() if campaign.pk is None else campaign.images.all()


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN or character in _DIRECTION_MARKS


def check_name(product_id: str) -> None:
    """Refused for an id that cannot be kept as it is.

    Any text can be one, and files are named after it in a safe way (`product_ids.file_stem`), but
    not without a character that is seen, with control characters, or too long for such a name.
    """
    shown = repr(product_id[:60])
    if not product_id.strip() or any(map(_is_unseen, product_id)):
        raise Refused(
            f"{shown} cannot be the id of an image: it has characters that are not seen, such as a "
            "line break. Rename the file, or give it a product_id in manifest.csv."
        )
    if len(product_id) > _MAX_ID or len(file_stem(product_id).encode()) > MAX_FILE_STEM:
        raise Refused(
            f"{shown} ... is too long for the id of an image. Give it a shorter name, or a "
            "product_id in manifest.csv."
        )


def parameters_of(campaign: Campaign) -> Parameters:
    """What a campaign asks of its images."""
    rule = Campaign.RangeRule(campaign.range_rule)
    return Parameters(
        range_limit_m=campaign.range_limit_m,
        scale_bar_m=campaign.scale_bar_m,
        range_rule="per-pixel" if rule == Campaign.RangeRule.PER_PIXEL else "cut-row",
    )


def import_product(
    actor: Actor,
    campaign: Campaign,
    product: Product,
    orbital_class: str = "",
    item: int | None = None,
) -> Image | None:
    """Prepare a product's files and store it; None when the campaign has it already.

    Files come first, named by their content, and the row last: an import that is killed leaves
    files that the next one finds and uses. Raises Refused for a frame with the same pixels
    as another image of the campaign. item: the id of a job's item, marked with the row.
    """
    if campaign.images.filter(product_id=product.product_id).exists():
        return None
    content = content_sum(product)
    check_content(campaign, product.product_id, content)
    prepared = prepare(product, parameters_of(campaign))
    stored = store_files(campaign, prepared)
    try:
        with transaction.atomic():
            image = Image.objects.create(
                campaign=campaign,
                product_id=product.product_id,
                rover=product.rover,
                camera=product.camera,
                eye=product.eye,
                sol=product.sol,
                start_time=product.start_time,
                site=product.site,
                drive=product.drive,
                sequence=product.sequence,
                width=product.width,
                height=product.height,
                camera_model=product.camera_model and product.camera_model.to_json(),
                details=product.details(),
                range_source=prepared.range_source,
                range_map_source=prepared.range_map_source,
                scale_bar=prepared.scale_bar and prepared.scale_bar.to_json(),
                display_widths=sorted(prepared.copies),
                source_file=product.source_path,
                source_sha256=product.source_sha256,
                content_sha256=content,
                orbital_class=orbital_class,
                **stored,
            )
            ImageQuality.objects.create(image=image, **prepared.quality.to_json())
            if item is not None:
                # With the image or not at all: a worker that is killed has counted what it did.
                ImportItem.objects.filter(pk=item, status=ImportItem.Status.WAITING).update(
                    status=ImportItem.Status.IMPORTED, reason=" ".join(product.notes)
                )
    except IntegrityError:
        # Another import has been faster; anything else that is not allowed is a mistake to see.
        if campaign.images.filter(product_id=product.product_id).exists():
            return None
        check_content(campaign, product.product_id, content)
        raise
    return image


def check_unchanged(image: Image, product: Product) -> None:
    """Refused where a product of the id of a campaign's image shows something else.

    Compared are the pixels; of a frame that is one gray all over, which has no sum, the JPEG.
    """
    content = content_sum(product)
    if content and image.content_sha256:
        is_same = content == image.content_sha256
    else:
        with image.original.open("rb") as file:
            is_same = file.read() == product.original_jpeg
    if not is_same:
        origin = f", imported from {image.source_file}" if image.source_file else ""
        raise Refused(
            f"{product.source_path} is not the image {image.product_id} that is already there"
            f"{origin}: its content differs. Give it another id, or import it into another "
            "campaign."
        )


def content_sum(product: Product) -> str:
    """SHA-256 of a frame's pixels and size; "" for one gray all over, which shows nothing."""
    if product.linear.min() == product.linear.max():
        return ""
    frame = np.ascontiguousarray(product.linear)
    content = hashlib.sha256(repr(frame.shape).encode())
    content.update(frame.data)
    return content.hexdigest()


def check_content(campaign: Campaign, product_id: str, content: str) -> None:
    """Refused where another image of the campaign has the very same pixels."""
    if not content:
        return
    same = _images(campaign).filter(content_sha256=content).values_list("product_id", flat=True)
    for other in same:
        if other != product_id:
            raise Refused(f"{product_id} has the same pixels as {other}.")


def store_files(campaign: Campaign, prepared: Prepared) -> dict[str, str]:
    """Keep an image's files; the name of each by the model's field."""
    files = {
        "original": ("original", prepared.original, ".JPG"),
        "display": ("display", prepared.display, ".jpg"),
        "thumbnail": ("thumbnail", prepared.thumbnail, ".jpg"),
        "range_map": ("range-map", prepared.range_map, ".png"),
        "range_mask": ("range-mask", prepared.range_mask, ".png"),
        "rover_mask": ("rover-mask", prepared.rover_mask, ".png"),
    }
    stored = {
        field: keep(campaign.pk, kind, content, suffix)
        for field, (kind, content, suffix) in files.items()
        if content is not None
    }
    for width, copy in prepared.copies.items():
        # One that is there already is a copy of the very same display image.
        with contextlib.suppress(FileExistsError):
            put(copy_name(stored["display"], width), copy)
    return stored
