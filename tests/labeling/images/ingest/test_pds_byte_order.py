"""Labels with a wrong byte order are detected from the data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labeling.images.ingest.pds import PdsProducts, pds3
from labeling.images.ingest.pds.labels import check_byte_order
from labeling.images.ingest.places import Folder
from labeling.images.ingest.products import Refused
from labeling.images.ingest.sources import open_source
from tests.labeling.images.ingest.pds_writer import (
    camera_looking_down,
    plane_range,
    write_frame,
    write_map,
)

FRAMES = (
    "msl/navcam-edr/NLB_516721703EDR_F0540992CCAM15900M1.IMG",
    "msl/navcam-edr/NLB_517261274EDR_F0541610CCAM15900M1.IMG",
    "mer/opportunity/1N491020376ILFCNY9P0706L0M1.IMG",
    "mer/opportunity/1N546228391RADCYELP0684L0M1.IMG",
    "mer/spirit/2n292280938effb100p0703l0m1.img",
    "mer/spirit/2n292280938radb100p0703l0c1.img",
    "mer/spirit/2n292280938rslb100p0703l0m1.img",
    "mer/spirit/2n295043924fflb1dnp1979l0m1.img",
)


def refusal(folder: Path) -> str:
    source = PdsProducts.find(Folder(folder))
    assert source is not None
    (candidate,) = source.candidates()
    with pytest.raises(Refused) as refused:
        source.load(candidate)
    return str(refused.value)


@pytest.mark.parametrize("name", FRAMES)
def test_a_real_frame_with_the_other_byte_order(name: str, real_data: Path, tmp_path: Path) -> None:
    frame = real_data / "pds" / name
    for path in (frame, frame.with_suffix(".LBL")):
        if path.exists():
            changed = path.read_bytes().replace(b"MSB_INTEGER", b"LSB_INTEGER")
            (tmp_path / path.name).write_bytes(changed)

    said = refusal(tmp_path)

    assert said.startswith(f"Label and data of {frame.name} disagree: the data are noise")
    assert "Correct SAMPLE_TYPE" in said


@pytest.mark.parametrize("name", FRAMES)
def test_the_real_frames_fit_their_labels(name: str, real_data: Path) -> None:
    source = open_source(real_data / "pds" / name)
    (candidate,) = source.candidates()
    assert source.load(candidate).pixels.std() > 100


def test_a_frame_that_uses_all_its_bits_is_told_by_its_mean(real_data: Path) -> None:
    """With 16 unsigned bits every value is possible."""
    _, label = pds3.read(real_data / "pds" / FRAMES[4])
    pixels = (np.arange(2**16, dtype=np.uint16) // 2).reshape(256, 256)
    label = replace(label, significant_bits=16, mean=float(pixels.mean()))

    check_byte_order(pixels, label, Path("a.IMG"))
    with pytest.raises(Refused, match="in the byte order that the label gives"):
        check_byte_order(pixels.byteswap(), label, Path("a.IMG"))
    # the mean of another product, as the linearised ones of Spirit have it, says nothing
    check_byte_order(pixels, replace(label, mean=99.0), Path("a.IMG"))


def test_a_range_product_with_the_other_byte_order(tmp_path: Path) -> None:
    camera = camera_looking_down(1225.0, 2.0, 20.0)
    name = "NLB_451649560{}LF0311330NCAM12813M1"
    dark = np.zeros((1024, 1024), dtype=np.int16)
    write_frame(tmp_path, name.format("EDR"), dark, camera, geometry="LINEARIZED")
    write_map(
        tmp_path, name.format("RNG"), plane_range(camera, (0.0, 0.0, 0.0), (0.0, 0.0, -1.0)), camera
    )
    for path in tmp_path.glob("*RNG*"):
        path.write_bytes(path.read_bytes().replace(b"= IEEE_REAL", b"= PC_REAL  "))

    assert "RNGLF0311330NCAM12813M1.IMG disagree" in refusal(tmp_path)
