"""Writes PDS products in their real byte layout, from scenes whose geometry is known.

The labels have the keys, groups and pointers of real ones (a NAVCAM range product of sol 610 and
EDR of sol 1349, a Mastcam DRCL, a Mars 2020 Navcam ECM), shortened to what describes the image. The
pixels are made up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from terrain.camera import CameraModel, Vector

Array = npt.NDArray[np.generic]

# The real range product's: 8 label records of 4096 bytes, a VICAR label of 20,480, then the image
LABEL_BYTES = 8 * 4096
VICAR_BYTES = 20_480

LEVEL = (1.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Pose:
    offset: Vector = (0.0, 0.0, 0.0)
    quaternion: tuple[float, float, float, float] = LEVEL


def camera_looking_down(
    focal_px: float, height_m: float, depression_deg: float, size: int = 1024
) -> CameraModel:
    """Return a CAHV camera at a height, looking straight ahead and down, without roll."""
    sin, cos = math.sin(math.radians(depression_deg)), math.cos(math.radians(depression_deg))
    axis = np.array([cos, 0.0, sin])
    center = (size - 1) / 2.0
    horizontal = focal_px * np.array([0.0, 1.0, 0.0]) + center * axis
    vertical = focal_px * np.array([-sin, 0.0, cos]) + center * axis
    return CameraModel(
        "CAHV",
        (0.4, 0.1, -height_m),
        tuple(axis.tolist()),
        tuple(horizontal.tolist()),
        tuple(vertical.tolist()),
    )


def plane_range(
    camera: CameraModel, through: Vector, normal: Vector, size: int = 1024
) -> npt.NDArray[np.float32]:
    """Return the slant range from a CAHV camera to a plane, float32 (size, size), 0.0 in the sky.

    Pixel (row, column) is line = row, sample = column of the model. Its ray d solves
    sample = (d . H) / (d . A), line = (d . V) / (d . A), by Cramer's rule for d . A = 1.
    """
    a, h, v = (np.array(vector) for vector in (camera.a, camera.h, camera.v))
    inverse = np.linalg.inv(np.stack([a, h, v]))
    line, sample = np.indices((size, size), dtype=np.float64)
    rays = np.stack([np.ones_like(line), sample, line], axis=-1) @ inverse.T
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    toward = rays @ np.array(normal)
    distance = float((np.array(through) - np.array(camera.c)) @ np.array(normal))
    with np.errstate(divide="ignore"):
        along = distance / toward
    return np.where((along > 0.0) & np.isfinite(along), along, 0.0).astype(np.float32)


def vector(values: Sequence[float]) -> str:
    return "(" + ",".join(f"{value:.9g}" for value in values) + ")"


def quoted(words: Sequence[str]) -> str:
    return "(" + ",".join(f'"{word}"' for word in words) + ")"


def camera_group(camera: CameraModel, frame: str, name: str) -> str:
    document = camera.to_json()
    names = [letter for letter in "cahvore" if letter in document]
    parts = [f"GROUP = {name}", f"  MODEL_TYPE = {camera.model_type}"]
    parts.append(f"  MODEL_COMPONENT_ID = {quoted([letter.upper() for letter in names])}")
    for number, letter in enumerate(names, start=1):
        parts.append(f"  MODEL_COMPONENT_{number} = {vector(document[letter])}")  # type: ignore[arg-type]
    parts.append(f'  REFERENCE_COORD_SYSTEM_NAME = "{frame}"')
    parts.append(f"END_GROUP = {name}")
    return "\n".join(parts)


def label_text(
    product_id: str,
    camera: CameraModel | None,
    *,
    records: str,
    image: str,
    host: str = "MSL",
    instrument: str = "NAV_LEFT_B",
    geometry: str = "LINEARIZED",
    sources: Sequence[str] = (),
    derived: str = "",
    data_frame: str = "SITE_FRAME",
    pose: Pose | None = None,
    frame: str = "ROVER_NAV_FRAME",
    sequence: str = "ncam12813",
    image_type: str = "REGULAR",
) -> str:
    """Return an ODL label with CRLF lines.

    LINES and LINE_SAMPLES are repeated in request groups.
    """
    pose = pose or Pose()
    parts = [records]
    parts += [
        f"GEOMETRY_PROJECTION_TYPE = {geometry}",
        f"IMAGE_TYPE = {image_type}",
        f'INSTRUMENT_HOST_ID = "{host}"',
        f'INSTRUMENT_ID = "{instrument}"',
        'LOCAL_TRUE_SOLAR_TIME = "14:06:30"',
        "PLANET_DAY_NUMBER = 610",
        "ROVER_MOTION_COUNTER = (31,1330,6,0,0,0,146,138,0,0)",
        "ROVER_MOTION_COUNTER_NAME = "
        + quoted(("SITE", "DRIVE", "POSE", "ARM", "CHIMRA", "DRILL", "RSM", "HGA", "DRT", "IC")),
        f'SEQUENCE_ID = "{sequence}"',
        'SPACECRAFT_CLOCK_START_COUNT = "451649560.213"',
        "START_TIME = 2014-04-24T22:23:17.562",
        f'PRODUCT_ID = "{product_id}"',
    ]
    if sources:
        parts.append(f"SOURCE_PRODUCT_ID = {quoted(sources)}")
    if camera is not None:
        parts.append(camera_group(camera, frame, "GEOMETRIC_CAMERA_MODEL"))
    parts += [
        "GROUP = ROVER_COORDINATE_SYSTEM",
        f"  ORIGIN_OFFSET_VECTOR = {vector(pose.offset)}",
        f"  ORIGIN_ROTATION_QUATERNION = {vector(pose.quaternion)}",
        '  REFERENCE_COORD_SYSTEM_NAME = "SITE_FRAME"',
        "END_GROUP = ROVER_COORDINATE_SYSTEM",
        "GROUP = THUMBNAIL_REQUEST_PARMS",
        "  LINES = 64",
        "  LINE_SAMPLES = 64",
        "END_GROUP = THUMBNAIL_REQUEST_PARMS",
    ]
    if derived:
        parts += [
            "GROUP = DERIVED_IMAGE_PARMS",
            f"  DERIVED_IMAGE_TYPE = {derived}",
            f'  REFERENCE_COORD_SYSTEM_NAME = "{data_frame}"',
            "END_GROUP = DERIVED_IMAGE_PARMS",
        ]
    parts += [image, "END"]
    return "\n".join(parts).replace("\n", "\r\n") + "\r\n"


def image_object(shape: tuple[int, ...], sample_type: str, bits: int, mask: str) -> str:
    bands, lines, samples = (1, *shape) if len(shape) == 2 else shape
    return "\n".join(
        [
            "OBJECT = IMAGE",
            f"  LINES = {lines}",
            f"  LINE_SAMPLES = {samples}",
            f"  SAMPLE_TYPE = {sample_type}",
            f"  SAMPLE_BITS = {bits}",
            f"  BANDS = {bands}",
            "  BAND_STORAGE_TYPE = BAND_SEQUENTIAL",
            f"  SAMPLE_BIT_MASK = 2#{mask}#",
            "  INVALID_CONSTANT = 0.0",
            "  MISSING_CONSTANT = 0.0",
            "END_OBJECT = IMAGE",
        ]
    )


def write_map(
    folder: Path,
    product_id: str,
    values: Array,
    camera: CameraModel | None,
    *,
    derived: str = "RANGE_MAP",
    name: str | None = None,
    **words: object,
) -> Path:
    """Write a range, XYZ or mask product with an attached label, laid out like the real range
    product.

    values: float (H, W) or (3, H, W), written as big-endian float32; uint8 as bytes of a mask.
    """
    is_mask = values.dtype == np.uint8
    data: Array = values.astype(">u1" if is_mask else ">f4")
    kind = "UNSIGNED_INTEGER" if is_mask else "IEEE_REAL"
    record = data.shape[-1] * data.dtype.itemsize
    assert LABEL_BYTES % record == VICAR_BYTES % record == 0
    first = (LABEL_BYTES + VICAR_BYTES) // record + 1
    bands, lines, samples = (1, *data.shape) if data.ndim == 2 else data.shape
    records = "\n".join(
        [
            "ODL_VERSION_ID = ODL3",
            "RECORD_TYPE = FIXED_LENGTH",
            f"RECORD_BYTES = {record}",
            f"FILE_RECORDS = {first - 1 + bands * lines}",
            f"LABEL_RECORDS = {LABEL_BYTES // record}",
            f"^IMAGE_HEADER = {LABEL_BYTES // record + 1}",
            f"^IMAGE = {first}",
        ]
    )
    header = (
        "OBJECT = IMAGE_HEADER\n  HEADER_TYPE = VICAR2\n  INTERCHANGE_FORMAT = ASCII\n"
        f"  BYTES = {VICAR_BYTES}\nEND_OBJECT = IMAGE_HEADER"
    )
    image = image_object(data.shape, kind, 8 * data.dtype.itemsize, "0111111111111111")
    text = label_text(
        product_id,
        camera,
        records=records,
        image=f"{image}\n{header}",
        derived=derived,
        **words,  # type: ignore[arg-type]
    )
    vicar = (
        f"LBLSIZE={VICAR_BYTES}           FORMAT='{'BYTE' if kind[0] == 'U' else 'REAL'}'  "
        f"TYPE='IMAGE'  BUFSIZ={record}  DIM=3  EOL=0  RECSIZE={record}  ORG='BSQ'  NL={lines}  "
        f"NS={samples}  NB={bands}  N1={samples}  N2={lines}  N3={bands}  N4=0  NBB=0  NLB=0  "
        "HOST='JAVA'  INTFMT='HIGH'  REALFMT='IEEE'"
    )
    assert len(text) <= LABEL_BYTES
    path = folder / (name or f"{product_id}.IMG")
    path.write_bytes(
        text.encode().ljust(LABEL_BYTES) + vicar.encode().ljust(VICAR_BYTES, b"\0") + data.tobytes()
    )
    return path


def write_frame(
    folder: Path,
    product_id: str,
    dn: npt.NDArray[np.integer],
    camera: CameraModel | None,
    *,
    detached: bool = True,
    mask: str = "0000111111111111",
    name: str | None = None,
    **words: object,
) -> Path:
    """Write a 16-bit frame, (H, W) big-endian, with an MSL label beside or a MER label in it."""
    data = dn.astype(">i2")
    lines, samples = data.shape
    record = 2 * samples
    first = 17 if detached else 23
    path = folder / (name or f"{product_id}.IMG")
    pointer = f'("{path.name}",{first})' if detached else str(first)
    records = "\n".join(
        [
            "PDS_VERSION_ID = PDS3",
            "RECORD_TYPE = FIXED_LENGTH",
            f"RECORD_BYTES = {record}",
            f"FILE_RECORDS = {first - 1 + lines}",
            f"^IMAGE = {pointer}",
        ]
    )
    image = image_object(data.shape, "MSB_INTEGER", 16, mask)
    options: dict[str, object] = {"geometry": "RAW", **words}
    text = label_text(product_id, camera, records=records, image=image, **options)  # type: ignore[arg-type]
    header = b"" if detached else text.encode()
    if detached:
        path.with_suffix(".LBL").write_bytes(text.encode())
    path.write_bytes(header.ljust((first - 1) * record) + data.tobytes())
    return path


def write_mastcam(
    folder: Path, product_id: str, rgb: npt.NDArray[np.uint8], camera: CameraModel | None
) -> Path:
    """Write a Mastcam DRCL product from (H, W, 3), as three consecutive bands.

    They start at the first byte of the .IMG, and the pointer in the .LBL is only the file's name.
    """
    data = np.moveaxis(rgb, -1, 0)
    path = folder / f"{product_id}.IMG"
    records = "\n".join(
        [
            "PDS_VERSION_ID = PDS3",
            "RECORD_TYPE = FIXED_LENGTH",
            f"RECORD_BYTES = {data.shape[2]}",
            f"FILE_RECORDS = {data.shape[0] * data.shape[1]}",
            f'^IMAGE = ("{path.name}")',
        ]
    )
    text = label_text(
        product_id,
        camera,
        records=records,
        image=image_object(data.shape, "UNSIGNED_INTEGER", 8, "11111111"),
        instrument="MAST_RIGHT" if product_id[5] == "R" else "MAST_LEFT",
        geometry="RAW",
        sequence="mcam00937",
    )
    path.with_suffix(".LBL").write_bytes(text.encode())
    path.write_bytes(data.tobytes())
    return path


def _xml_vector(name: str, parts: Sequence[str], values: Sequence[float]) -> str:
    inner = "".join(
        f"<geom:{part}>{value:.9g}</geom:{part}>" for part, value in zip(parts, values, strict=True)
    )
    return f"<geom:{name}>{inner}</geom:{name}>"


def xml_camera(camera: CameraModel) -> str:
    """Return the geom:Camera_Model_Parameters of a model; a fisheye one has lens type 2."""
    vectors = [
        _xml_vector("Vector_Center", ("x_position", "y_position", "z_position"), camera.c),
        _xml_vector("Vector_Axis", ("x_unit", "y_unit", "z_unit"), camera.a),
        _xml_vector("Vector_Horizontal", ("x_pixel", "y_pixel", "z_pixel"), camera.h),
        _xml_vector("Vector_Vertical", ("x_pixel", "y_pixel", "z_pixel"), camera.v),
    ]
    if camera.o is not None and camera.r is not None:
        vectors.append(_xml_vector("Vector_Optical", ("x_unit", "y_unit", "z_unit"), camera.o))
        vectors.append(_xml_vector("Radial_Terms", ("c0", "c1", "c2"), camera.r))
    if camera.e is not None:
        vectors.append(_xml_vector("Entrance_Terms", ("c0", "c1", "c2"), camera.e))
        vectors.append("<geom:cahvore_model_type>2</geom:cahvore_model_type>")
        vectors.append("<geom:cahvore_model_parameter>0.0</geom:cahvore_model_parameter>")
    return (
        f"<geom:Camera_Model_Parameters><geom:model_type>{camera.model_type}</geom:model_type>"
        f"<geom:{camera.model_type}_Model>{''.join(vectors)}</geom:{camera.model_type}_Model>"
        "<geom:Coordinate_Space_Reference><geom:Coordinate_Space_Indexed>"
        "<geom:coordinate_space_frame_type>ROVER_NAV_FRAME</geom:coordinate_space_frame_type>"
        "</geom:Coordinate_Space_Indexed></geom:Coordinate_Space_Reference>"
        "</geom:Camera_Model_Parameters>"
    )


def _xml_counter(counts: Sequence[tuple[str, int]]) -> str:
    return "<geom:Motion_Counter><geom:name>RMC</geom:name>" + (
        "".join(
            f"<geom:Motion_Counter_Index><geom:index_id>{name}</geom:index_id>"
            f"<geom:index_value_number>{count}</geom:index_value_number></geom:Motion_Counter_Index>"
            for name, count in counts
        )
        + "</geom:Motion_Counter>"
    )


def _xml_frame(pose: Pose) -> str:
    turned = "".join(
        f"<geom:{name}>{value:.9g}</geom:{name}>"
        for name, value in zip(("qcos", "qsin1", "qsin2", "qsin3"), pose.quaternion, strict=True)
    )
    return (
        "<geom:Coordinate_Space_Definition>"
        "<local_identifier>ROVER_NAV_FRAME_30_1344</local_identifier>"
        "<geom:Coordinate_Space_Present><geom:Coordinate_Space_Indexed>"
        "<geom:coordinate_space_frame_type>ROVER_NAV_FRAME</geom:coordinate_space_frame_type>"
        "</geom:Coordinate_Space_Indexed></geom:Coordinate_Space_Present>"
        + _xml_vector(
            "Vector_Origin_Offset", ("x_position", "y_position", "z_position"), pose.offset
        )
        + f"<geom:Quaternion_Plus_Direction>{turned}</geom:Quaternion_Plus_Direction>"
        "<geom:Coordinate_Space_Reference><Local_Internal_Reference>"
        "<local_identifier_reference>SITE_FRAME_30</local_identifier_reference>"
        "</Local_Internal_Reference></geom:Coordinate_Space_Reference>"
        "</geom:Coordinate_Space_Definition>"
    )


def write_m2020(
    folder: Path,
    product_id: str,
    values: Array,
    camera: CameraModel,
    *,
    instrument: str = "NAVCAM_LEFT",
    geometry: str = "Raw",
    derived: str = "",
    sources: Sequence[str] = (),
    pose: Pose | None = None,
    image_type: str = "REGULAR",
    bit_mask: str = "11111111",
    header_bytes: int = 46_656,
) -> Path:
    """Write a Mars 2020 product, .IMG and .xml: ODL and VICAR headers, then bands x lines x
    samples.

    values: uint8 or int16 (H, W) or (3, H, W), or float (written as big-endian float32).
    """
    kinds = {"uint8": ("UnsignedByte", ">u1"), "int16": ("SignedMSB2", ">i2")}
    kind, dtype = kinds.get(values.dtype.name, ("IEEE754MSBSingle", ">f4"))
    data = values.astype(dtype).reshape((-1, *values.shape[-2:]))
    local = product_id[:-2].lower()
    axes = "".join(
        f"<Axis_Array><axis_name>{name}</axis_name><elements>{count}</elements>"
        f"<sequence_number>{number}</sequence_number></Axis_Array>"
        for number, (name, count) in enumerate(
            zip(("Band", "Line", "Sample"), data.shape, strict=True), start=1
        )
    )
    final = (("SITE", 30), ("DRIVE", 1344), ("POSE", 4), ("RSM", 2))
    references = "".join(
        "<Internal_Reference><lidvid_reference>urn:nasa:pds:mars2020_navcam_ops_raw:data:"
        f"{source.lower()}::1.0</lidvid_reference></Internal_Reference>"
        for source in sources
    )
    product = (
        "<img_surface:Derived_Product_Parameters><img_surface:derived_image_type_name>"
        f"{derived}</img_surface:derived_image_type_name></img_surface:Derived_Product_Parameters>"
        if derived
        else ""
    )
    names = "geom img img_surface msn msn_surface"
    spaces = " ".join(
        f'xmlns:{name}="http://pds.nasa.gov/pds4/{name}/v1"' for name in names.split()
    )
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1" {spaces}>
  <Identification_Area>
    <logical_identifier>urn:nasa:pds:mars2020_ops_raw:data:{local}</logical_identifier>
    <version_id>1.0</version_id>
  </Identification_Area>
  <Observation_Area>
    <Time_Coordinates>
      <start_date_time>2022-11-27T01:08:36.219Z</start_date_time>
    </Time_Coordinates>
    <Investigation_Area><name>Mars2020</name></Investigation_Area>
    <Discipline_Area>
      <geom:Geometry><geom:Geometry_Lander>
        {xml_camera(camera)}
        {_xml_frame(pose or Pose())}
        <geom:Derived_Geometry>
          <geom:instrument_azimuth unit="deg">110.554</geom:instrument_azimuth>
          <geom:instrument_elevation unit="deg">-10.0659</geom:instrument_elevation>
          <geom:Coordinate_Space_Reference><Local_Internal_Reference>
            <local_identifier_reference>ROVER_NAV_FRAME_30_1344</local_identifier_reference>
          </Local_Internal_Reference></geom:Coordinate_Space_Reference>
        </geom:Derived_Geometry>
        {_xml_counter(final)}
      </geom:Geometry_Lander><geom:Geometry_Lander>
        <geom:geometry_state>Initial</geom:geometry_state>
        {_xml_counter((("SITE", 29), ("DRIVE", 7)))}
      </geom:Geometry_Lander></geom:Geometry>
      <img:Imaging>
        <img:Sampling><img:sample_bits>8</img:sample_bits>
          <img:sample_bit_mask>2#{bit_mask}#</img:sample_bit_mask></img:Sampling>
        <img:Subframe><img:lines>{data.shape[1]}</img:lines><img:samples>{data.shape[2]}</img:samples>
          <img:line_fov unit="deg">18.6047</img:line_fov>
          <img:sample_fov unit="deg">24.7326</img:sample_fov></img:Subframe>
        <img:Commanded_Parameters><img:Thumbnail><img:Subframe>
          <img:lines>60</img:lines><img:samples>80</img:samples>
        </img:Subframe></img:Thumbnail></img:Commanded_Parameters>
      </img:Imaging>
      <img_surface:Surface_Imaging>
        <img_surface:Instrument_Information>
          <img_surface:image_type>{image_type}</img_surface:image_type>
          <img_surface:ops_instrument_key>{instrument}</img_surface:ops_instrument_key>
        </img_surface:Instrument_Information>
        <img_surface:Geometry_Projection>
          <img_surface:geometry_projection_type>{geometry}</img_surface:geometry_projection_type>
        </img_surface:Geometry_Projection>
        {product}
      </img_surface:Surface_Imaging>
      <msn:Mission_Information>
        <msn:spacecraft_clock_start>722782785.631</msn:spacecraft_clock_start>
        <msn:Surface_Mission>
          <msn:start_sol_number>629</msn:start_sol_number>
          <msn:start_local_true_solar_time>12:33:33</msn:start_local_true_solar_time>
        </msn:Surface_Mission>
      </msn:Mission_Information>
      <msn_surface:Surface_Mission_Information><msn_surface:Command_Execution>
        <msn_surface:sequence_id>ncam00427</msn_surface:sequence_id>
      </msn_surface:Command_Execution></msn_surface:Surface_Mission_Information>
    </Discipline_Area>
  </Observation_Area>
  <Reference_List>{references}</Reference_List>
  <File_Area_Observational>
    <File><file_name>{product_id}.IMG</file_name></File>
    <Header><local_identifier>ODL3_Header</local_identifier><offset unit="byte">0</offset>
      <object_length unit="byte">{header_bytes}</object_length>
      <parsing_standard_id>PDS ODL 2</parsing_standard_id></Header>
    <Array_3D_Image>
      <local_identifier>{local}</local_identifier>
      <offset unit="byte">{header_bytes}</offset>
      <axes>3</axes>
      <axis_index_order>Last Index Fastest</axis_index_order>
      <Element_Array><data_type>{kind}</data_type><unit>DN</unit></Element_Array>
      {axes}
    </Array_3D_Image>
  </File_Area_Observational>
</Product_Observational>
"""
    path = folder / f"{product_id}.IMG"
    path.with_suffix(".xml").write_text(text, encoding="utf-8")
    path.write_bytes(b"ODL_VERSION_ID = ODL3\r\nEND\r\n".ljust(header_bytes) + data.tobytes())
    return path
