from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from typing import Any

from ai4mars_site.toolkit.arguments import place
from ai4mars_site.toolkit.commands import BulkCommand


class Command(BulkCommand):
    help = (
        "Upload the folder of a release to a bucket, s3://bucket/prefix. SHA256SUMS is sent last, "
        "so a release with that file is complete. Run it again to continue an interrupted upload. "
        "Credentials and address come from the environment (AWS_ACCESS_KEY_ID, "
        "AWS_ENDPOINT_URL ...)."
    )
    needs_database = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        # Without --workers: a large file is sent in parts at once, and the network is the limit.
        parser.add_argument("release", type=place, metavar="DIR")
        parser.add_argument("url", metavar="s3://BUCKET/PREFIX")

    def handle(self, *args: Any, **options: Any) -> None:
        from merging.releases.services import publishing

        sent = publishing.upload_tree(options["release"], options["url"], self.track)
        self.stdout.write(f"{options['url']} is complete; {sent:,} files were sent.")

    def track(self, items: Iterable[str], total: int) -> Iterator[str]:
        return self.progress(items, total, "Files")
