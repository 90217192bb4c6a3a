"""Dry runs of imports, which store nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ai4mars_site.toolkit.bulk import each
from labeling.images.ingest.products import Candidate, Source
from labeling.images.services.import_jobs import items_of
from labeling.images.services.imports import Outcome, examine_candidate
from labeling.models import Campaign, ImportItem


def examine(campaign: Campaign, source: Source, workers: int = 1) -> Iterator[ImportItem]:
    """Yield every file of a source as an item with the status and reason of an import.

    `campaign` may be unsaved. No row and no file is written.
    """
    open_items = []
    for item in items_of(source):
        if item.status == ImportItem.Status.WAITING:
            open_items.append(item)
        else:
            yield item
    ids: dict[str, str] = {}
    sums: dict[str, str] = {}
    found = each(partial(_examine_item, campaign, source), open_items, workers)
    for item, (outcome, content) in zip(open_items, found, strict=True):
        item.status, item.reason = outcome.status, outcome.reason
        if outcome.status == Outcome.IMPORTED:
            if outcome.name in ids:
                item.status, item.reason = ImportItem.Status.PRESENT, ""
            elif content and content in sums:
                item.status = ImportItem.Status.REFUSED
                item.reason = f"{outcome.name} has the same pixels as {sums[content]}."
            else:
                ids[outcome.name] = content
                sums.setdefault(content, outcome.name)
        yield item


def _examine_item(campaign: Campaign, source: Source, item: ImportItem) -> tuple[Outcome, str]:
    return examine_candidate(campaign, source, Candidate(item.product_id, item.name))
