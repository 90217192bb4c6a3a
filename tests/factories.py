"""Factories of small test objects: campaigns, tiny images, and labels written as text."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from django.contrib.auth.models import Group, User
from django.utils import timezone

from ai4mars_site.toolkit.actors import Actor, ActorKind
from labeling.annotation.services import labels
from labeling.annotation.services.assignments import assign_gold
from labeling.campaigns.services.creation import campaign_from_preset
from labeling.images.files import keep
from labeling.images.preparation.pictures import jpeg_bytes, png_bytes, thumbnail_bytes
from labeling.models import Assignment, Campaign, Image, Label, Labeler, Role
from labeling.people.permissions import EXPERTS, REVIEWERS
from labeling.people.services.labelers import labeler_of_user, new_guest
from review.models import SCORING_METHOD, AgreementScore, ImageAgreement, plan_of
from review.scores.services import distribution, opinions
from terrain.geometry.regions import Region
from terrain.masks import NO_LABEL, mask_to_regions

Mask = npt.NDArray[np.uint8]

_numbers = itertools.count(1)

#: Who acts where a test does not care.
ACTOR = Actor(ActorKind.COMMAND, "tests")


def mask(*rows: str) -> Mask:
    """Return a mask from its rows: a digit is a class code, a dot is no label."""
    return np.array(
        [[NO_LABEL if pixel == "." else int(pixel) for pixel in row] for row in rows],
        dtype=np.uint8,
    )


def rows(mask: Mask) -> list[str]:
    """Return the rows of a mask as text: the inverse of `mask`."""
    return ["".join("." if code == NO_LABEL else str(code) for code in row) for row in mask]


def new_campaign(slug: str = "navcam", preset: str = "msl-navcam", **fields: Any) -> Campaign:
    campaign, _ = campaign_from_preset(ACTOR, slug, preset)
    if "target_labels" in fields:
        fields.setdefault("merge_minimum", min(campaign.merge_minimum, fields["target_labels"]))
    for name, value in fields.items():
        setattr(campaign, name, value)
    campaign.save()
    return campaign


def product_id(number: int) -> str:
    """Return a realistic product id; ids sort like their numbers."""
    return f"NLA_{397_000_000 + number}EDR_F0010008AUT_04096M1"


def new_image(
    campaign: Campaign,
    number: int | None = None,
    *,
    width: int = 4,
    height: int = 2,
    shade: int = 90,
    on_rover: Sequence[str] = (),
    beyond: Sequence[str] = (),
    **fields: Any,
) -> Image:
    """Return a tiny uniformly gray image with files; 1 in `on_rover` and `beyond` is masked."""
    name = product_id(next(_numbers) if number is None else number)
    gray = np.full((height, width), shade, dtype=np.uint8)
    files = {
        "original": keep(campaign.pk, "original", jpeg_bytes(gray), ".JPG"),
        "display": keep(campaign.pk, "display", jpeg_bytes(gray), ".jpg"),
        "thumbnail": keep(campaign.pk, "thumbnail", thumbnail_bytes(gray), ".jpg"),
    }
    if on_rover:
        files["rover_mask"] = keep(campaign.pk, "rover-mask", png_bytes(mask(*on_rover)), ".png")
    if beyond:
        files["range_mask"] = keep(campaign.pk, "range-mask", png_bytes(mask(*beyond)), ".png")
    known = {"product_id": name, "rover": "curiosity", "camera": "navcam-left", "eye": "left"}
    return Image.objects.create(
        campaign=campaign, width=width, height=height, **{**known, **files, **fields}
    )


def new_account(username: str, *groups: str, staff: bool = False) -> User:
    user = User.objects.create_user(username, is_staff=staff, is_superuser=staff)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def new_reviewer(username: str = "rita") -> User:
    return new_account(username, REVIEWERS)


def new_expert(username: str = "erik") -> Labeler:
    return labeler_of_user(new_account(username, EXPERTS))


def new_admin(username: str = "ada") -> User:
    return new_account(username, staff=True)


def assign(image: Image, labeler: Labeler, role: str = Role.CROWD) -> Assignment:
    return Assignment.objects.create(image=image, labeler=labeler, role=role)


def draw(
    image: Image, *drawn: str, labeler: Labeler | None = None, role: str = Role.CROWD
) -> Label:
    """Return a newly received label with the given mask rows."""
    regions: list[Region] = mask_to_regions(mask(*drawn))
    return labels.store(ACTOR, image, labeler or new_guest(), role, regions, uuid.uuid4())


def accept(
    image: Image, *drawn: str, labeler: Labeler | None = None, role: str = Role.CROWD
) -> Label:
    """Return a label after post-processing: accepted, or empty."""
    label = draw(image, *drawn, labeler=labeler, role=role)
    labels.process_image(image.pk)
    label.refresh_from_db()
    return label


def give_score(label: Label, score: float, expected: float | None = None) -> AgreementScore:
    """Set the score of a label, for tests of the queue."""
    image = Image.objects.get(pk=label.image_id)
    ImageAgreement.objects.update_or_create(
        image=image,
        defaults={"labels_version": image.labels_version, "method": SCORING_METHOD},
    )
    made = AgreementScore(
        label=label,
        campaign=image.campaign,
        role=label.role,
        score=score,
        expected=score if expected is None else expected,
        pairs=1,
        labels_version=image.labels_version,
        computed_at=timezone.now(),
    )
    opinions.decide(made, plan_of(image.campaign))
    made.save()
    distribution.count(image.campaign_id, [], opinions.counted(made))
    return made


def box(code: int, left: float, top: float, right: float, bottom: float) -> dict[str, Any]:
    """Return a rectangle as the drawing page sends it."""
    ring = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return {"class": code, "rings": [ring]}


def submission(image: Image | int, /, **fields: Any) -> dict[str, Any]:
    """Return a label of one rectangle as the drawing page sends it."""
    number = image if isinstance(image, int) else image.pk
    polygons = [box(0, 0, 0, 2, 1)]
    return {"id": str(uuid.uuid4()), "image": number, "polygons": polygons, **fields}


def campaign_to_release() -> Campaign:
    """Return a campaign: image 1 has crowd labels, 2 is gold, 3 has no label, 4 is retired."""
    campaign = new_campaign()
    train = new_image(campaign, 1, on_rover=("0000", "1100"), beyond=("1111", "0000"))
    for _ in range(3):
        accept(train, "3333", "3313")
    gold = new_image(campaign, 2)
    assign_gold(ACTOR, gold, [new_expert()])
    accept(gold, "01..", "....", role=Role.EXPERT)
    new_image(campaign, 3)
    accept(new_image(campaign, 4, retired_at=timezone.now()), "0000", "0000")
    return campaign
