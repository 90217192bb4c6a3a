"""The NumPy part of the training example: reading a release, weights, scores."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from examples.release_data import (
    NO_LABEL,
    NotARelease,
    accuracy,
    class_weights,
    composition,
    confusion,
    examples,
    iou,
    mean_iou,
    read_image,
    read_label,
    to_codes,
    to_indices,
    write_prediction,
)

ID = "NLA_397586934EDR_F0010008AUT_04096M1"
CODES = (0, 1, 2, 3)


def picture(path: Path, pixels: list[list[int]] | np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(pixels, dtype=np.uint8)).save(
        path,
        "PNG" if path.suffix == ".png" else "JPEG",
        **({} if path.suffix == ".png" else {"quality": 100}),
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a train and a gold image of 4 x 4 pixels, in layout v0.1."""
    msl = tmp_path / "msl"
    for product_id in (ID, ID.replace("934", "935")):
        gray = np.arange(16).reshape(4, 4) * 8
        picture(msl / "images" / "edr" / f"{product_id}.JPG", gray)
        rover = np.zeros((4, 4), dtype=np.uint8)
        rover[3] = 1
        picture(msl / "images" / "mxy" / f"{product_id.replace('EDR', 'MXY')}.png", rover)
        picture(
            msl / "images" / "rng-30m" / f"{product_id.replace('EDR', 'RNG')}.png", 1 - rover[::-1]
        )
    picture(msl / "labels" / "train" / f"{ID}.png", np.full((4, 4), 2))
    for n in (1, 2, 3):
        gold = msl / "labels" / "test" / f"masked-gold-min{n}-100agree"
        picture(gold / f"{ID.replace('934', '935')}_merged.png", np.full((4, 4), n))
    return tmp_path


def test_splits_are_found_by_their_folders(tree: Path) -> None:
    (train,) = examples(tree, "train")
    assert (train.product_id, train.image.name) == (ID, f"{ID}.JPG")
    assert {path.parent.name for path in train.masks} == {"mxy", "rng-30m"}
    for n in (1, 2, 3):
        (gold,) = examples(tree, f"min{n}")
        assert gold.product_id == ID.replace("934", "935")
        assert f"min{n}" in str(gold.label)


def test_masked_pixels_have_no_label(tree: Path) -> None:
    # the rover has the last row; of the range mask only the first row is near
    label = read_label(examples(tree, "train")[0])
    assert label.tolist() == [[2] * 4] + [[NO_LABEL] * 4] * 3


def test_the_names_of_all_missions_of_release_0_6(tmp_path: Path) -> None:
    blank = np.zeros((2, 2), dtype=np.uint8)
    for image, label in (
        ("msl/ncam/images/edr/{}.JPG", "msl/ncam/labels/train/{}.png"),
        ("msl/mcam/images/{}.JPG", "msl/mcam/labels/train/{}_15033_merged.png"),
        ("mer/images/eff/{}.JPG", "mer/labels/train/merged-unmasked/{}_merged3.png"),
        ("m2020/images/ncam/{}.jpeg", "m2020/labels/NAV/{}_merged12.png"),
    ):
        name = {"msl": ID, "mer": "2n292280938effb100p0703l0m1", "m20": "NLF_0001_0667EBY_N00"}[
            image[:3]
        ]
        if "mcam" in image:
            name = "0017ML0000450010100037E01_DRCL"
        picture(tmp_path / image.format(name), blank)
        picture(tmp_path / label.format(name), blank)
    mer_gold = "mer/labels/test/masked-gold-min1-100agree/1n128285132eff0300p1703l0m1_16165_T0"
    picture(tmp_path / f"{mer_gold}_merged.png", blank)
    picture(tmp_path / "mer/images/test/1n128285132eff0300p1703l0m1.JPG", blank)
    picture(tmp_path / "mer/images/rnl-30m/2n292280938rnlb100p0703l0m1.png", blank + 1)

    found = {example.product_id: example for example in examples(tmp_path, "train")}
    assert sorted(found) == [
        "0017ML0000450010100037E01_DRCL",
        "2n292280938effb100p0703l0m1",
        ID,
        "NLF_0001_0667EBY_N00",
    ]
    assert (read_label(found["2n292280938effb100p0703l0m1"]) == NO_LABEL).all()
    (gold,) = examples(tmp_path, "min1")
    assert gold.product_id == "1n128285132eff0300p1703l0m1"


def test_frames_of_one_exposure_have_masks_of_their_own(tmp_path: Path) -> None:
    blank = np.zeros((2, 2), dtype=np.uint8)
    for kind in ("eff", "ffl"):
        name = f"2n292280938{kind}b100p0703l0m1"
        picture(tmp_path / f"mer/images/eff/{name}.JPG", blank)
        picture(tmp_path / f"mer/labels/train/merged-unmasked/{name}_merged3.png", blank)
    picture(tmp_path / "mer/images/mrl/2n292280938mrlb100p0703l0m1.png", blank)
    picture(tmp_path / "mer/images/mrl/2n292280938fflb100p0703l0m1.png", blank + 1)

    eff, ffl = examples(tmp_path, "train")

    assert (read_label(eff) == 0).all()
    assert (read_label(ffl) == NO_LABEL).all()


def test_the_released_sample(real_data: Path, tmp_path: Path) -> None:
    """No pixel of the real train labels is under a mask, so all pixels are kept."""
    sample = real_data / "ai4mars" / "v0.1-sample"
    with pytest.raises(NotARelease, match="NLA_397681867"):
        examples(sample, "train")
    shutil.copytree(sample, tmp_path, dirs_exist_ok=True)
    (tmp_path / "msl/labels/train/NLA_397681867EDR_F0020000AUT_04096M1.png").unlink()
    found = examples(tmp_path, "train")
    assert len(found) == 9
    for example in found:
        assert len(example.masks) == 2
        with Image.open(example.label) as file:
            assert (read_label(example) == np.asarray(file)).all()


def test_a_label_without_its_image_is_named(tree: Path) -> None:
    (tree / "msl" / "images" / "edr" / f"{ID}.JPG").unlink()
    with pytest.raises(NotARelease, match=f"has no image {ID}"):
        examples(tree, "train")


def test_another_folder_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(NotARelease, match="no train labels"):
        examples(tmp_path, "train")


def test_images_have_mean_0_and_deviation_1(tree: Path) -> None:
    example = examples(tree, "train")[0]
    for size in (None, 8):
        image = read_image(example, size)
        assert image.dtype == np.float32
        assert image.shape == ((8, 8) if size else (4, 4))
        assert float(image.mean()) == pytest.approx(0.0, abs=1e-6)
        assert float(image.std()) == pytest.approx(1.0, abs=1e-5)


def test_a_black_image_is_zero(tree: Path) -> None:
    example = examples(tree, "train")[0]
    picture(example.image, np.zeros((4, 4)))
    assert (read_image(example) == 0.0).all()


def test_labels_are_resized_without_new_codes(tree: Path) -> None:
    example = examples(tree, "train")[0]
    label = read_label(example, 8)
    assert label.shape == (8, 8)
    assert set(np.unique(label)) == {2, NO_LABEL}


def test_class_weights_are_one_minus_the_composition() -> None:
    """Paper section 4."""
    labels = [np.array([[0, 0, 0, 1]], np.uint8), np.array([[0, 3, NO_LABEL, 1]], np.uint8)]
    shares = composition(labels)
    assert shares == {0: 4 / 7, 1: 2 / 7, 3: 1 / 7}
    assert class_weights(shares) == pytest.approx([3 / 7, 5 / 7, 6 / 7])


def test_the_composition_of_nothing() -> None:
    assert composition([]) == {}
    assert composition([np.full((2, 2), NO_LABEL, dtype=np.uint8)]) == {}


@given(
    mask=arrays(np.uint8, (3, 4), elements=st.sampled_from([0, 10, 11, 50, NO_LABEL])),
    codes=st.just((0, 10, 11, 50)),
)
def test_codes_to_indices_and_back(mask: np.ndarray, codes: tuple[int, ...]) -> None:
    indices = to_indices(mask, codes)
    assert set(np.unique(indices)) <= {0, 1, 2, 3, NO_LABEL}
    assert (to_codes(indices, codes) == mask).all()


def test_a_known_confusion_comes_back() -> None:
    true = np.array([[0, 0, 0, 1], [1, 2, NO_LABEL, NO_LABEL]], dtype=np.uint8)
    predicted = np.array([[0, 0, 1, 1], [NO_LABEL, 0, 0, 3]], dtype=np.uint8)
    counts = confusion(true, predicted, CODES)
    assert counts.tolist() == [
        [2, 1, 0, 0, 0],
        [0, 1, 0, 0, 1],
        [1, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    assert accuracy(counts) == 3 / 6
    found = iou(counts)
    assert found[:3] == [2 / 4, 1 / 3, 0.0]
    assert math.isnan(found[3])
    assert mean_iou(counts) == pytest.approx((2 / 4 + 1 / 3) / 3)


def test_scores_of_nothing() -> None:
    counts = confusion(np.full((2, 2), NO_LABEL, np.uint8), np.zeros((2, 2), np.uint8), CODES)
    assert math.isnan(accuracy(counts))
    assert math.isnan(mean_iou(counts))


def test_predictions_are_gray_pngs_named_by_id(tmp_path: Path) -> None:
    mask = np.array([[0, 3], [1, 2]], dtype=np.uint8)
    write_prediction(tmp_path / "new", ID, mask)
    with Image.open(tmp_path / "new" / f"{ID}.png") as file:
        assert file.mode == "L"
        assert (np.asarray(file) == mask).all()
