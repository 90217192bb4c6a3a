"""Importing images and masks through the services: what is stored, refused and skipped."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.utils import timezone
from PIL import Image as Pillow

from labeling.annotation.services import assignments, label_imports, postprocessing
from labeling.images.ingest.products import (
    Candidate,
    Product,
    Refused,
    Source,
    UnknownSource,
    Unused,
)
from labeling.images.ingest.sources import open_source
from labeling.images.preparation.pictures import jpeg_bytes, png_bytes, read_mask
from labeling.images.services import imports, quality
from labeling.images.services.imports import Outcome
from labeling.models import Assignment, Campaign, Image, Label, Labeler, Role
from labeling.people.services.labelers import imported_labeler
from terrain.camera import CameraModel
from tests.factories import ACTOR, accept, assign, mask, new_campaign, new_image, product_id, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


# -- images ----------------------------------------------------------------------------------------


def product(name: str, **fields: Any) -> Product:
    """Return a frame of 64 x 48 pixels, as a source delivers it."""
    frame = np.tile(np.arange(64, dtype=np.uint8) * 3, (48, 1))
    known: dict[str, Any] = {
        "product_id": name,
        "rover": "curiosity",
        "camera": "navcam-left",
        "eye": "left",
        "sol": 7,
        "start_time": None,
        "site": 1,
        "drive": 8,
        "sequence": "AUT_04096",
        "linear": frame,
        "original_jpeg": jpeg_bytes(frame),
        "pixels": frame,
        "source_path": f"edr/{name}.JPG",
        "source_sha256": "0" * 64,
    }
    return Product(**{**known, **fields})


class Frames:
    """A source of synthetic products; names that begin with "bad" are refused."""

    preset = "msl-navcam"

    def __init__(self, *names: str) -> None:
        self.names = names
        self.loaded: list[str] = []

    def candidates(self) -> list[Candidate]:
        return [Candidate(name, f"{name}.JPG") for name in self.names]

    def unused(self) -> list[Unused]:
        return []

    def checksum(self, candidate: Candidate) -> str:
        return "0" * 64

    def load(self, candidate: Candidate, allow: Collection[str] = frozenset()) -> Product:
        self.loaded.append(candidate.product_id)
        if candidate.product_id.startswith("bad"):
            raise Refused(f"{candidate.product_id}.JPG is not whole.")
        # Each frame differs from the others: the same pixels twice are refused.
        gray = 100 + self.names.index(candidate.product_id)
        frame = np.tile(np.arange(64, dtype=np.uint8), (48, 1)) + np.uint8(gray)
        return product(candidate.product_id, linear=frame, pixels=frame)


def take_in(campaign: Campaign, source: Source) -> list[Outcome]:
    return [
        imports.import_candidate(ACTOR, campaign.pk, source, found) for found in source.candidates()
    ]


def files_of(image: Image) -> dict[str, bytes]:
    found = {}
    for field in ("original", "display", "thumbnail", "range_mask", "rover_mask"):
        if file := getattr(image, field):
            with file.open("rb") as opened:
                found[field] = opened.read()
    return found


def test_an_image_is_stored_with_its_files(campaign: Campaign) -> None:
    given = product(
        product_id(1),
        rover_mask=np.arange(48)[:, None].repeat(64, 1) >= 40,
        range_mask=np.arange(48)[:, None].repeat(64, 1) < 9,
    )

    image = imports.import_product(ACTOR, campaign, given, orbital_class="Smooth")

    assert image is not None
    image.refresh_from_db()
    assert (image.width, image.height, image.sol, image.orbital_class) == (64, 48, 7, "Smooth")
    assert image.range_source == Image.RangeSource.RELEASED_MASK
    files = files_of(image)
    assert files["original"] == given.original_jpeg, "the very bytes"
    with image.range_mask.open("rb") as file:
        assert (read_mask(file).astype(bool) == given.range_mask).all()
    with image.rover_mask.open("rb") as file:
        assert (read_mask(file).astype(bool) == given.rover_mask).all()
    with Pillow.open(image.display.path) as shown:
        assert shown.size == (64, 48)


def test_without_range_or_camera_nothing_is_masked_and_it_says_so(campaign: Campaign) -> None:
    image = imports.import_product(ACTOR, campaign, product(product_id(1)))

    assert image is not None
    assert image.range_source == Image.RangeSource.NONE
    assert not image.range_mask


def test_a_second_import_changes_nothing(campaign: Campaign) -> None:
    names = [product_id(1), product_id(2)]
    source = Frames(*names)
    assert [outcome.status for outcome in take_in(campaign, source)] == ["imported"] * 2
    before = {image.pk: files_of(image) for image in campaign.images.all()}

    again = take_in(campaign, source)

    assert again == [Outcome(name, "present") for name in names]
    assert source.loaded == names, "nothing was decoded a second time"
    assert {image.pk: files_of(image) for image in campaign.images.all()} == before
    stored = sum(path.is_file() for path in Path(settings.MEDIA_ROOT).rglob("*"))
    assert stored == len({content for files in before.values() for content in files.values()})


GROUND = np.tile(np.arange(0, 200, 4, dtype=np.uint8), (40, 1))
PLAIN_GRAY = np.full((40, 50), 90, dtype=np.uint8)


def take_in_picture(campaign: Campaign, folder: Path, pixels: Any, **options: Any) -> Outcome:
    """Return the outcome for `a.png` in a folder with this image."""
    Pillow.fromarray(pixels).save(folder / "a.png", **options)
    [outcome] = take_in(campaign, open_source(folder))
    return outcome


@pytest.mark.parametrize("pixels", [GROUND, PLAIN_GRAY])
@pytest.mark.parametrize("is_sum_known", [True, False])
def test_an_image_that_has_changed_is_refused(
    campaign: Campaign, pixels: Any, is_sum_known: bool, tmp_path: Path
) -> None:
    assert take_in_picture(campaign, tmp_path, pixels) == Outcome("a", "imported")
    if not is_sum_known:
        campaign.images.update(source_sha256="")
    before = files_of(campaign.images.get())

    assert take_in_picture(campaign, tmp_path, pixels) == Outcome("a", "present")
    stored_anew = take_in_picture(campaign, tmp_path, pixels, compress_level=0)
    assert stored_anew == Outcome("a", "present"), "another file of the same pixels"
    changed = take_in_picture(campaign, tmp_path, 255 - pixels)

    assert changed == Outcome(
        "a",
        "refused",
        "a.png is not the existing image a, imported from a.png: its content differs. "
        "Give it another id, or import it into another campaign.",
    )
    assert files_of(campaign.images.get()) == before


def test_a_product_of_another_kind_with_the_same_id_differs(
    campaign: Campaign, real_data: Path, tmp_path: Path
) -> None:
    """The label identifies the product, not the file name."""
    product_name = "NLB_517261274EDR_F0541610CCAM15900M1"
    products = real_data / "pds" / "msl" / "navcam-edr"
    for suffix in (".IMG", ".LBL"):
        shutil.copy(products / f"{product_name}{suffix}", tmp_path)
    [first] = take_in(campaign, open_source(tmp_path))
    assert (first.name, first.status) == (product_name, "imported")
    shutil.rmtree(tmp_path)
    Pillow.fromarray(GROUND).save((tmp_path.mkdir() or tmp_path) / f"{product_name}.png")

    [again] = take_in(campaign, open_source(tmp_path))

    assert again.status == "refused"
    assert f"imported from {product_name}.IMG: its content" in again.reason


def test_the_scale_bar_follows_the_rover(campaign: Campaign, real_data: Path) -> None:
    """Half a meter for Curiosity, 20 cm for Spirit (paper 3.1.1)."""
    source = open_source(real_data / "pds")
    for name in ("NLB_517261274EDR_F0541610CCAM15900M1", "2n292280938effb100p0703l0m1"):
        [candidate] = [c for c in source.candidates() if c.product_id == name]
        assert imports.import_candidate(ACTOR, campaign.pk, source, candidate).status == "imported"

    bars = dict(campaign.images.values_list("rover", "scale_bar"))

    assert {rover: bar["width_m"] for rover, bar in bars.items()} == {
        "curiosity": 0.5,
        "spirit": 0.2,
    }
    for image in campaign.images.all():  # and is drawn so wide
        focal, range_m = CameraModel.from_json(image.camera_model).focal_length_px, 0.0
        range_m = image.scale_bar["range_m"]
        seen = image.scale_bar["width_px"] * range_m / focal
        assert seen == pytest.approx(image.scale_bar["width_m"], rel=0.05)


def test_products_of_one_exposure_are_near_duplicates(campaign: Campaign, real_data: Path) -> None:
    """Spirit's EFF and RAD, and the linearized RSL, show one exposure; the FFL another."""
    take_in(campaign, open_source(real_data / "pds" / "mer" / "spirit"))

    quality.mark_near_duplicates(campaign)

    tied = campaign.images.exclude(duplicate_of=None).values_list(
        "product_id", "duplicate_of__product_id"
    )
    first, *others = (f"2n292280938{kind}" for kind in ("eff", "rad", "rsl"))
    assert {(name[:14], stays[:14]) for name, stays in tied} == {(name, first) for name in others}


def test_a_campaign_may_set_one_scale_bar_for_all(real_data: Path) -> None:
    campaign = new_campaign(scale_bar_m=1.0)
    source = open_source(real_data / "pds" / "mer" / "spirit" / "2n292280938effb100p0703l0m1.img")
    [outcome] = take_in(campaign, source)
    assert outcome.status == "imported"
    assert campaign.images.get().scale_bar["width_m"] == 1.0


def test_a_bad_file_does_not_stop_the_others(campaign: Campaign) -> None:
    outcomes = take_in(campaign, Frames(product_id(1), "bad", product_id(2)))

    assert outcomes[1] == Outcome("bad", "refused", "bad.JPG is not whole.")
    assert campaign.images.count() == 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a\n", "has invisible characters"),
        ("a\u202egpj", "has invisible characters"),
        ("a\x00", "has invisible characters"),
        ("", "has invisible characters"),
        (" ", "has invisible characters"),
        ("x" * 201, "is too long"),
        ("火" * 67, "is too long"),
        ("/" * 67, "is too long"),
    ],
)
def test_an_id_that_cannot_be_kept_is_refused(campaign: Campaign, name: str, reason: str) -> None:
    [outcome] = take_in(campaign, Frames(name))

    assert outcome.status == "refused"
    assert reason in outcome.reason
    assert not campaign.images.exists()


def test_every_other_id_is_kept_and_in_no_path(campaign: Campaign) -> None:
    names = ["..", "../../etc/passwd", ".hidden", "a b", "火星", "A", "a", "x" * 200, "火" * 66]

    assert [outcome.status for outcome in take_in(campaign, Frames(*names))] == ["imported"] * 9

    assert set(campaign.images.values_list("product_id", flat=True)) == set(names)
    folder = Path(settings.MEDIA_ROOT) / f"campaign-{campaign.pk}"
    assert {path.name for path in Path(settings.MEDIA_ROOT).iterdir()} <= {
        folder.name,
        ".unfinished",
    }


def test_an_import_that_was_killed_is_put_right_by_the_next(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = product(product_id(1))

    def killed(**fields: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Image.objects, "create", killed)
        with pytest.raises(KeyboardInterrupt):
            imports.import_product(ACTOR, campaign, given)
    assert not campaign.images.exists()

    image = imports.import_product(ACTOR, campaign, given)

    assert image is not None
    stored = sorted(path.name for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())
    assert len(stored) == 3, "in place of the files the first one left"


def test_two_imports_at_once_store_an_image_once(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = product(product_id(1))
    keep = imports.keep

    def keep_and_be_overtaken(*what: Any) -> str:
        if not campaign.images.exists():
            new_image(campaign, 1)
        return keep(*what)

    monkeypatch.setattr(imports, "keep", keep_and_be_overtaken)

    assert imports.import_product(ACTOR, campaign, given) is None
    assert campaign.images.count() == 1


# -- masks -----------------------------------------------------------------------------------------


@pytest.fixture
def image(campaign: Campaign) -> Image:
    return new_image(campaign, 1, on_rover=("0000", "1100"))


def save(folder: Path, labeler: str, name: str, content: bytes) -> Path:
    path = folder / labeler / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def take_in_masks(campaign: Campaign, folder: Path, role: str = Role.CROWD) -> list[Outcome]:
    return list(label_imports.import_masks(ACTOR, campaign, label_imports.find_masks(folder), role))


def test_a_mask_becomes_a_processed_label_of_the_same_pixels(
    campaign: Campaign, image: Image, tmp_path: Path
) -> None:
    drawn = ("0.11", "0331")
    save(tmp_path, "vera", image.product_id, png_bytes(mask(*drawn)))

    assert take_in_masks(campaign, tmp_path) == [
        Outcome(f"vera/{image.product_id}.png", "imported")
    ]

    label = Label.objects.get()
    assert (str(label.labeler), label.role, label.status) == ("vera", "crowd", "accepted")
    assert rows(postprocessing.post_processed_mask(label, image, None)) == list(drawn)
    assert label.pixel_counts == {"0": 1, "1": 3, "3": 1}, "what the rover hides is not counted"
    image.refresh_from_db()
    assert (image.crowd_label_count, image.labels_version) == (1, 1)


def test_importing_masks_twice_changes_nothing(
    campaign: Campaign, image: Image, tmp_path: Path
) -> None:
    for labeler in ("vera", "viktor"):
        save(tmp_path, labeler, image.product_id, png_bytes(mask("00..", "....")))
    take_in_masks(campaign, tmp_path)

    again = take_in_masks(campaign, tmp_path)

    assert [outcome.status for outcome in again] == ["present", "present"]
    assert (Label.objects.count(), Labeler.objects.count()) == (2, 2)
    image.refresh_from_db()
    assert (image.crowd_label_count, image.labels_version) == (2, 2)


def test_another_mask_of_the_same_labeler_is_refused(
    campaign: Campaign, image: Image, tmp_path: Path
) -> None:
    save(tmp_path, "vera", image.product_id, png_bytes(mask("00..", "....")))
    take_in_masks(campaign, tmp_path)
    save(tmp_path, "vera", image.product_id, png_bytes(mask("11..", "....")))

    [outcome] = take_in_masks(campaign, tmp_path)

    assert outcome.status == "refused"
    assert "already has another label" in outcome.reason
    assert Label.objects.get().pixel_counts == {"0": 2}


def color_png() -> bytes:
    buffer = io.BytesIO()
    Pillow.new("RGB", (4, 2)).save(buffer, "PNG")
    return buffer.getvalue()


GOOD = png_bytes(np.zeros((2, 4), dtype=np.uint8))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (png_bytes(np.zeros((4, 2), dtype=np.uint8)), "4"),
        (png_bytes(np.full((2, 4), 7, dtype=np.uint8)), "code 7"),
        (png_bytes(np.full((2, 4), 254, dtype=np.uint8)), "code 254"),
        (GOOD[:-25], "truncated|whole|complete|cut|damaged|read"),
        (b"", "is empty"),
        (b"GIF89a", "PNG"),
        (jpeg_bytes(np.zeros((2, 4), dtype=np.uint8)), "PNG"),
        (color_png(), "color"),
    ],
)
def test_bad_masks_are_refused_and_store_nothing(
    campaign: Campaign, image: Image, tmp_path: Path, content: bytes, said: str
) -> None:
    path = save(tmp_path, "vera", image.product_id, content)

    [outcome] = take_in_masks(campaign, tmp_path)

    assert outcome.status == "refused"
    assert path.name in outcome.reason
    assert re.search(said, outcome.reason), outcome.reason
    assert outcome.reason.endswith(".")
    nothing_stored(image)


def nothing_stored(image: Image) -> None:
    assert not Label.objects.exists()
    assert not Assignment.objects.exists()
    image.refresh_from_db()
    assert (image.crowd_label_count, image.pool) == (0, "crowd")


@pytest.mark.parametrize("role", Role.values)
def test_masks_without_a_place_are_refused(
    campaign: Campaign, image: Image, tmp_path: Path, role: str
) -> None:
    save(tmp_path, "vera", product_id(9), GOOD)

    [outcome] = take_in_masks(campaign, tmp_path, role)

    assert outcome.reason == (
        f"The campaign has no image {product_id(9)}. Import the images first."
    )
    nothing_stored(image)


def test_masks_of_retired_and_gold_images_are_refused(campaign: Campaign, tmp_path: Path) -> None:
    retired = new_image(campaign, 1, retired_at=timezone.now())
    gold = new_image(campaign, 2, pool=Image.Pool.GOLD)
    for image in (retired, gold):
        save(tmp_path, "vera", image.product_id, GOOD)

    outcomes = take_in_masks(campaign, tmp_path)

    assert [outcome.status for outcome in outcomes] == ["refused", "refused"]
    assert "retired" in outcomes[0].reason
    assert "gold" in outcomes[1].reason
    assert not Label.objects.exists()


def test_expert_masks_make_their_image_gold(
    campaign: Campaign, image: Image, tmp_path: Path
) -> None:
    crowd_label = accept(image, "11..", "....")
    for labeler in ("erik", "eva", "emil"):
        save(tmp_path, labeler, f"{image.product_id}_merged", GOOD)

    outcomes = take_in_masks(campaign, tmp_path, Role.EXPERT)

    assert {outcome.status for outcome in outcomes} == {"imported"}
    image.refresh_from_db()
    assert (image.pool, image.crowd_label_count) == ("gold", 1)
    assert Label.objects.expert().count() == 3
    assert list(Label.objects.crowd()) == [crowd_label], "no label is ever lost"
    assert set(Assignment.objects.values_list("role", "status")) == {("expert", "done")}


def test_an_expert_who_saw_the_image_as_a_volunteer_is_refused(
    campaign: Campaign, image: Image, tmp_path: Path
) -> None:
    save(tmp_path, "vera", image.product_id, GOOD)
    [outcome] = take_in_masks(campaign, tmp_path)
    assert outcome.status == "imported"

    [outcome] = take_in_masks(campaign, tmp_path, Role.EXPERT)

    assert outcome.status == "refused"
    image.refresh_from_db()
    assert image.pool == "crowd"


def test_a_skipped_volunteer_is_refused_as_expert_too(
    campaign: Campaign, image: Image, tmp_path: Path
) -> None:
    assignments.skip(ACTOR, assign(image, imported_labeler(campaign, "vera")))
    save(tmp_path, "vera", image.product_id, GOOD)

    [outcome] = take_in_masks(campaign, tmp_path, Role.EXPERT)

    assert outcome.status == "refused"
    assert "Choose another expert" in outcome.reason
    image.refresh_from_db()
    assert (image.pool, Label.objects.count()) == ("crowd", 0)


@pytest.mark.parametrize("layout", ["missing", "empty", "flat", "file"])
def test_a_folder_without_masks_says_what_is_expected(tmp_path: Path, layout: str) -> None:
    folder = tmp_path / "labels"
    if layout == "file":
        folder.write_bytes(GOOD)
    elif layout != "missing":
        folder.mkdir()
    if layout == "flat":
        (folder / f"{product_id(1)}.png").write_bytes(GOOD)

    with pytest.raises(UnknownSource, match=r"SOURCE/<labeler>/<image id>\.png"):
        label_imports.find_masks(folder)


# -- real data -------------------------------------------------------------------------------------


def test_a_released_frame_with_its_masks_and_label(
    campaign: Campaign, real_data: Path, tmp_path: Path
) -> None:
    """No labeled pixel of the release is under a mask, so no pixel is removed."""
    released = real_data / "ai4mars" / "v0.1-sample" / "msl"
    name = "NLA_397681339EDR_F0020000AUT_04096M1"
    for part, file in [
        ("images/edr", f"{name}.JPG"),
        ("images/mxy", f"{name.replace('EDR', 'MXY')}.png"),
        ("images/rng-30m", f"{name.replace('EDR', 'RNG')}.png"),
    ]:
        (tmp_path / "tree" / part).mkdir(parents=True)
        shutil.copy(released / part / file, tmp_path / "tree" / part / file)
    source = open_source(tmp_path / "tree")
    [outcome] = take_in(campaign, source)
    assert outcome == Outcome(name, "imported")
    label_file = released / "labels" / "train" / f"{name}.png"
    save(tmp_path / "labels", "crowd", name, label_file.read_bytes())

    [outcome] = take_in_masks(campaign, tmp_path / "labels")

    assert outcome.status == "imported"
    label, image = Label.objects.get(), campaign.images.get()
    with label_file.open("rb") as file:
        expected = read_mask(file)
    kept = postprocessing.post_processed_mask(label, image, postprocessing.removed_pixels(image))
    assert (kept == expected).all()
    codes, counts = np.unique(expected[expected != 255], return_counts=True)
    assert label.pixel_counts == {
        str(code): int(count) for code, count in zip(codes, counts, strict=True)
    }
