"""`croissant.json`: the release for data loaders, Croissant 1.0 (JSON-LD).

A folder of images or raw labels is a FileSet. Every other file is a FileObject with its SHA-256. A
folder of images is also a RecordSet of `picture` and `file`, the name that the image has in other
folders too. The table of images is a RecordSet too, if the release has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from posixpath import dirname, splitext
from typing import Any

from merging.formats.contents.facts import FileFact, ReleaseFacts
from merging.formats.contents.licenses import license_url
from merging.formats.documents.naming import KEYWORDS, abstract, creators
from merging.formats.documents.texts import json_document

#: The JSON-LD context of Croissant 1.0, as its reference reader expects it.
_CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}

_PICTURES = {".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".png": "image/png"}
_KINDS = {
    **_PICTURES,
    ".csv": "text/csv",
    ".geojson": "application/geo+json",
    ".json": "application/json",
    ".parquet": "application/x-parquet",
    ".tar": "application/x-tar",
}

#: The folder with one file for each image that is not an image file.
_RAW_LABELS = "raw/labels"
_TABLE = "metadata/images.csv"
_TABLE_COLUMNS = {
    "product_id": "sc:Text",
    "split": "sc:Text",
    "width": "sc:Integer",
    "height": "sc:Integer",
    "labels": "sc:Integer",
    "rover": "sc:Text",
    "camera": "sc:Text",
    "frame": "sc:Text",
}

Node = dict[str, Any]


def croissant(facts: ReleaseFacts, files: Sequence[FileFact]) -> bytes:
    """Return a description with relative paths, so that the release can be unpacked anywhere."""
    folders: dict[tuple[str, str], int] = defaultdict(int)
    single = []
    for file in files:
        folder, suffix = dirname(file.path), splitext(file.path)[1]
        if suffix.lower() in _PICTURES or folder == _RAW_LABELS:
            folders[folder, suffix] += 1
        else:
            single.append(file)
    described = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": facts.title,
        "description": abstract(facts),
        "version": facts.version,
        "datePublished": facts.released_on.isoformat(),
        "license": license_url(facts.license),
        "keywords": list(KEYWORDS),
        "creator": [
            {"@type": "sc:Person" if each.is_person else "sc:Organization", "name": each.whole}
            for each in creators(facts)
        ],
        "citeAs": _cite_as(facts),
        "distribution": [
            *(_file_set(folder, suffix, count) for (folder, suffix), count in folders.items()),
            *(_file_object(file) for file in single),
        ],
        "recordSet": list(_record_sets(facts, folders, single)),
    }
    if facts.homepage:
        described["url"] = facts.homepage
    return json_document(described)


def _cite_as(facts: ReleaseFacts) -> str:
    people = "; ".join(each.whole for each in creators(facts))
    where = f" {facts.homepage}" if facts.homepage else ""
    return f"{people} ({facts.released_on.year}): {facts.title}, version {facts.version}.{where}"


def _file_set(folder: str, suffix: str, count: int) -> Node:
    return {
        "@type": "cr:FileSet",
        "@id": f"{folder}/*{suffix}",
        "name": f"{folder}/*{suffix}",
        "description": f"{count} files",
        "encodingFormat": _KINDS[suffix.lower()],
        "includes": f"{folder}/*{suffix}",
    }


def _file_object(file: FileFact) -> Node:
    suffix = splitext(file.path)[1].lower()
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "contentUrl": file.path,
        "contentSize": f"{file.size} B",
        "encodingFormat": _KINDS.get(suffix, "application/octet-stream"),
        "sha256": file.sha256,
    }


def _record_sets(
    facts: ReleaseFacts, folders: Mapping[tuple[str, str], int], single: Sequence[FileFact]
) -> Iterator[Node]:
    meanings = "; ".join(f"{each.code} {each.name}" for each in facts.classes)
    for folder, suffix in folders:
        if suffix.lower() not in _PICTURES or folder.startswith("coco/"):
            continue
        is_label = "labels" in folder.split("/")
        yield {
            "@type": "cr:RecordSet",
            "@id": folder,
            "name": folder,
            "description": f"Class codes: {meanings}; 255 no label." if is_label else "Images.",
            "field": [
                _file_field(folder, suffix, "file", "sc:Text", "filename"),
                _file_field(folder, suffix, "picture", "sc:ImageObject", "content"),
            ],
        }
    if any(file.path == _TABLE for file in single):
        yield {
            "@type": "cr:RecordSet",
            "@id": "images",
            "name": "images",
            "description": "The metadata of each image.",
            "key": {"@id": "images/product_id"},
            "field": [
                {
                    "@type": "cr:Field",
                    "@id": f"images/{name}",
                    "name": name,
                    "dataType": kind,
                    "source": {"fileObject": {"@id": _TABLE}, "extract": {"column": name}},
                }
                for name, kind in _TABLE_COLUMNS.items()
            ],
        }


def _file_field(folder: str, suffix: str, name: str, kind: str, part: str) -> Node:
    return {
        "@type": "cr:Field",
        "@id": f"{folder}/{name}",
        "name": name,
        "dataType": kind,
        "source": {
            "fileSet": {"@id": f"{folder}/*{suffix}"},
            "extract": {"fileProperty": part},
        },
    }
