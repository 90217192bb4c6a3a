"""The formats of a release beside its tree of images and masks: one module each."""

from __future__ import annotations

from merging.release.contents import Export
from merging.release.exports.coco import CocoInstances, CocoPanoptic
from merging.release.exports.geojson import GeoJson
from merging.release.exports.layers import LayerPictures
from merging.release.exports.metadata import Metadata
from merging.release.exports.parquet import Parquet
from merging.release.exports.webdataset import WebDataset
from merging.release.exports.zooniverse import Zooniverse

_ALL: tuple[Export, ...] = (
    CocoInstances(),
    CocoPanoptic(),
    GeoJson(),
    LayerPictures(),
    Metadata(),
    Parquet(),
    WebDataset(),
    Zooniverse(),
)

#: Every format by its name.
EXPORTS: dict[str, Export] = {export.name: export for export in _ALL}
