"""Importing images one candidate at a time, in any process; importing again changes nothing."""

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
# Unicode categories of control characters, line and paragraph separators, and unassigned ones
_UNSEEN = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
# They change the direction of writing, so that an id reads as another one.
_DIRECTION_MARKS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one file: imported, already present, refused or not used, with a reason.

    For an imported file, the reason names companion files that were not used. An unused file is not
    a frame, although its name looks like one.
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

    A candidate whose file was imported before is already present, and is not decoded. A candidate
    with the same id but other content is refused. `item` is the id of the job's item, which is
    marked as imported in the same transaction.
    """
    campaign = Campaign.objects.get(pk=campaign_id)

    def take(product: Product) -> bool:
        return import_product(actor, campaign, product, item=item) is not None

    return _outcome(campaign, source, candidate, take)


def examine_candidate(
    campaign: Campaign, source: Source, candidate: Candidate
) -> tuple[Outcome, str]:
    """Return the outcome of `import_candidate` and the frame's checksum; nothing is stored.

    `campaign` may be unsaved; then it has no images.
    """
    sums = [""]

    def look(product: Product) -> bool:
        if _images(campaign).filter(product_id=product.product_id).exists():
            return False
        sums[0] = content_checksum(product)
        check_content(campaign, product.product_id, sums[0])
        prepare(product, parameters_of(campaign))
        return True

    return _outcome(campaign, source, candidate, look), sums[0]


def _outcome(
    campaign: Campaign, source: Source, candidate: Candidate, take: Callable[[Product], bool]
) -> Outcome:
    """Return the outcome of a candidate; `take` returns False for an existing product."""
    name = candidate.product_id
    try:
        # First of all: some databases cannot even be queried for such an id.
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
    """Raise Refused for an id that cannot be stored.

    Ids may be any text, and files are named after them in a safe way (`product_ids.file_stem`).
    They need a visible character, must not have control characters, and must not be too long for a
    file name.
    """
    shown = repr(product_id[:60])
    if not product_id.strip() or any(map(_is_unseen, product_id)):
        raise Refused(
            f"{shown} cannot be the id of an image: it has invisible characters, such as a "
            "line break. Rename the file, or give it a product_id in manifest.csv."
        )
    if len(product_id) > _MAX_ID or len(file_stem(product_id).encode()) > MAX_FILE_STEM:
        raise Refused(
            f"{shown} ... is too long for the id of an image. Give it a shorter name, or a "
            "product_id in manifest.csv."
        )


def parameters_of(campaign: Campaign) -> Parameters:
    """Return a campaign's settings for preparing images."""
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
    """Prepare a product's files and store it; return None if the campaign has it already.

    Files are stored first, named by their content, and the row last: a killed import leaves files
    that the next one uses. Raises Refused for a frame with the same pixels as another image of the
    campaign. `item` is the id of the job's item, which is marked in the same transaction.
    """
    if campaign.images.filter(product_id=product.product_id).exists():
        return None
    content = content_checksum(product)
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
                details=product.details() | _estimated(prepared),
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
                # In the image's transaction: a worker that is killed has then counted its work.
                ImportItem.objects.filter(pk=item, status=ImportItem.Status.WAITING).update(
                    status=ImportItem.Status.IMPORTED, reason=" ".join(product.notes)
                )
    except IntegrityError:
        # Another import was faster; any other violation is an error to raise.
        if campaign.images.filter(product_id=product.product_id).exists():
            return None
        check_content(campaign, product.product_id, content)
        raise
    return image


def _estimated(prepared: Prepared) -> dict[str, object]:
    """Return the camera model of estimated distances, for the details of an image without one.

    It is not the image's `camera_model`, which releases contain as what the mission measured.
    """
    camera = prepared.estimated_camera
    return {} if camera is None else {"estimated_camera": camera.to_json()}


def check_unchanged(image: Image, product: Product) -> None:
    """Raise Refused if a product has the id of an existing image but different content."""
    content = content_checksum(product)
    if content and image.content_sha256:
        is_same = content == image.content_sha256
    else:
        with image.original.open("rb") as file:
            is_same = file.read() == product.original_jpeg
    if not is_same:
        origin = f", imported from {image.source_file}" if image.source_file else ""
        raise Refused(
            f"{product.source_path} is not the existing image {image.product_id}"
            f"{origin}: its content differs. Give it another id, or import it into another "
            "campaign."
        )


def content_checksum(product: Product) -> str:
    """Return the SHA-256 of a frame's pixels and size; "" for a uniformly gray frame."""
    if product.linear.min() == product.linear.max():
        return ""
    frame = np.ascontiguousarray(product.linear)
    content = hashlib.sha256(repr(frame.shape).encode())
    content.update(frame.data)
    return content.hexdigest()


def check_content(campaign: Campaign, product_id: str, content: str) -> None:
    """Raise Refused if another image of the campaign has exactly the same pixels."""
    if not content:
        return
    same = _images(campaign).filter(content_sha256=content).values_list("product_id", flat=True)
    for other in same:
        if other != product_id:
            raise Refused(f"{product_id} has the same pixels as {other}.")


def store_files(campaign: Campaign, prepared: Prepared) -> dict[str, str]:
    """Store an image's files; return the name of each by the model's field."""
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
        # An existing file is a copy of exactly the same display image.
        with contextlib.suppress(FileExistsError):
            put(copy_name(stored["display"], width), copy)
    return stored
