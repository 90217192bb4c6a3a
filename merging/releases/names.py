"""Names of the layouts and formats of a release on pages, and the uses of each format."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from merging.formats.tree.ai4mars_tree import Layout

LAYOUTS: dict[str, str | Promise] = {
    Layout.V0_1: _("v0.1: Curiosity's navigation cameras, as first released"),
    Layout.V0_6: _("v0.6: navigation cameras of all rovers, and Curiosity's Mastcam"),
}

FORMATS: dict[str, str | Promise] = {
    "coco-instances": _("COCO instances"),
    "coco-panoptic": _("COCO panoptic"),
    "geojson": "GeoJSON",
    "layers": _("Merge layers"),
    "metadata": _("Metadata"),
    "parquet": "Parquet",
    "webdataset": "WebDataset",
    "zooniverse": "Zooniverse",
}

#: One line for each format.
READERS: dict[str, str | Promise] = {
    "coco-instances": _(
        "For pycocotools, Detectron2 and MMDetection: one instance for each region."
    ),
    "coco-panoptic": _("For panoptic segmentation: one PNG for each image, and its segments."),
    "geojson": _("For shapely and GeoPandas: outlines of regions and labels, in image pixels."),
    "layers": _("For weighting pixels: votes, labelers and confidence of each pixel, as PNG."),
    "metadata": _("For spreadsheets and pandas: a row for each image, as CSV and JSON."),
    "parquet": _("For Hugging Face datasets, pandas and DuckDB: images and masks in tables."),
    "webdataset": _("For training from a few large files, for example in PyTorch: tar shards."),
    "zooniverse": _("For tools that read Zooniverse's exports: each label, as CSV."),
}
