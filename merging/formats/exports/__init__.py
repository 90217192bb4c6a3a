"""The additional formats of a release: one module for each."""

from __future__ import annotations

from merging.formats.contents.facts import Export
from merging.formats.exports.coco import CocoInstances, CocoPanoptic
from merging.formats.exports.geojson import GeoJson
from merging.formats.exports.layers import LayerPictures
from merging.formats.exports.metadata import Metadata
from merging.formats.exports.parquet import Parquet
from merging.formats.exports.webdataset import WebDataset
from merging.formats.exports.zooniverse import Zooniverse

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

#: All formats by name.
EXPORTS: dict[str, Export] = {export.name: export for export in _ALL}
