from __future__ import annotations

import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser, OutputWrapper

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.arguments import day, filled, whole
from ai4mars_site.toolkit.commands import BulkCommand, why
from ai4mars_site.toolkit.jobs import working
from labeling.images.ingest.places import S3_SCHEME
from labeling.management.arguments import campaign_of
from labeling.models import Campaign
from merging.formats.exports import EXPORTS
from merging.formats.storage import archive
from merging.masks.services import merges
from merging.models import Release
from merging.releases import emptiness
from merging.releases.services import builder, requests
from merging.statistics import services
from terrain.aggregation.methods import Kind, MergeMethod, methods_to_compare

#: The kinds of archives of a release.
KINDS = ("zip", "tar")
#: The name of standard output.
PIPE = "-"


class Command(BulkCommand):
    help = (
        "Build a release of a campaign: the released AI4Mars tree with SHA256SUMS, as a folder, as "
        "one file, or in a bucket. "
        "Changed labels are merged first. A version is built once. Requested again, it is written "
        "again with the same content, and other content is refused. Options that are left out "
        "keep their values."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Here --version is the version of the release, not that of Django.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--campaign", required=True, metavar="SLUG")
        parser.add_argument("--version", required=True, dest="release_version", metavar="V")
        parser.add_argument(
            "--layout",
            choices=Release.Layout.values,
            help=f"file names and folders of a new version (default: {Release.Layout.V0_1.value})",
        )
        parser.add_argument(
            "--method",
            choices=[kind.value for kind in Kind],
            help="the merge method for the crowd's labels (default: votes); the rule is that of "
            "the campaign",
        )
        parser.add_argument("--seed", type=whole, help="seed of --method random (default: 0)")
        parser.add_argument(
            "--formats",
            nargs="*",
            choices=list(EXPORTS),
            metavar="FORMAT",
            help=f"further formats (default: none): {', '.join(EXPORTS)}",
        )
        parser.add_argument(
            "--date",
            type=day,
            metavar="YYYY-MM-DD",
            help="date of the release (default: today)",
        )
        parser.add_argument(
            "--archive",
            choices=KINDS,
            help="one file in DIR instead of a folder",
        )
        parser.add_argument(
            "--out",
            required=True,
            type=filled,
            metavar="DIR",
            help="a folder; s3://BUCKET/PREFIX to send the release there, as publish_release does; "
            "with --archive tar also - for standard output",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_of(options["campaign"])
        check_version(options["release_version"])
        out, kind = str(options["out"]), options["archive"]
        try:
            if out.startswith(S3_SCHEME):
                self.send(campaign, options)
            elif out == PIPE:
                self.stream(campaign, options)
            elif kind:
                self.pack(campaign, options)
            else:
                tree = self.build(campaign, options, Path(out))
                self.stdout.write(f"{tree} is complete. Check it: {checks(tree)}")
                self.report_empty_masks(campaign, options, self.stdout)
        except FileExistsError as there:
            raise CommandError(
                f"{there} already exists and is not this release. Move it first."
            ) from there
        except OSError as error:
            raise CommandError(f"{out} cannot be written to: {why(error)}.") from error

    def send(self, campaign: Campaign, options: dict[str, Any]) -> None:
        """Build in a scratch folder, and upload from there."""
        from merging.releases.services import publishing

        url = options["out"]
        if options["archive"]:
            raise CommandError("A bucket receives the files of a release. Leave --archive out.")
        publishing.check(url)
        with self.scratch_tree(campaign, options) as tree:
            sent = publishing.upload_tree(tree, url, self.track_files)
            self.stdout.write(
                f"{url} is complete; {sent:,} files were sent. Fetch it and check it: {checks()}"
            )
            self.report_empty_masks(campaign, options, self.stdout)

    def pack(self, campaign: Campaign, options: dict[str, Any]) -> None:
        """Build in a scratch folder, and pack it as one file."""
        out = Path(options["out"])
        out.mkdir(parents=True, exist_ok=True)
        with self.scratch_tree(campaign, options) as tree:
            target = out / f"{tree.name}.{options['archive']}"
            self.exhaust(archive.write(tree, target), tree)
            self.stdout.write(
                f"{target} is complete. Check it: `manage.py verify_release {target}`, or unpack "
                "it and run `sha256sum -c SHA256SUMS` in its folder."
            )
            self.report_empty_masks(campaign, options, self.stdout)

    def stream(self, campaign: Campaign, options: dict[str, Any]) -> None:
        """Build in a scratch folder, and write it as a tar to standard output."""
        if options["archive"] != "tar":
            raise CommandError("Only a tar can be written to standard output: add --archive tar.")
        with self.scratch_tree(campaign, options) as tree:
            self.exhaust(archive.pack_tar(tree, sys.stdout.buffer), tree)
            self.stderr.write(f"{tree.name} is complete. Unpack it and check it: {checks()}")
            self.report_empty_masks(campaign, options, self.stderr)

    @contextmanager
    def scratch_tree(self, campaign: Campaign, options: dict[str, Any]) -> Iterator[Path]:
        """Yield the tree in a scratch folder, with hard links to the store."""
        scratch = Path(settings.AI4MARS_HOME) / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=scratch, prefix="release-") as folder:
            yield self.build(campaign, options, Path(folder), link=True)

    def build(
        self, campaign: Campaign, options: dict[str, Any], out: Path, *, link: bool = False
    ) -> Path:
        version, workers = options["release_version"], options["workers"]
        known = Release.objects.filter(campaign=campaign, version=version).first()
        requested = request_of(campaign, options, known)
        if known is None or known.status in requests.UNFINISHED:
            known = requests.request_release(Actor.of_command(self), campaign, version, requested)
        else:
            requests.check_same_choices(known, requested)
        if known.status == Release.Status.COMPLETE:
            return builder.rebuild_folder(known, out, workers, self.track, link=link)
        release = builder.claim(known.pk)
        if release is None:
            known.refresh_from_db()
            raise requests.version_taken(known)
        with working(release):
            return builder.build_folder(release, out, workers, self.track, link=link)

    def report_empty_masks(
        self, campaign: Campaign, options: dict[str, Any], out: OutputWrapper
    ) -> None:
        """Report how many masks have no labeled pixel, and why."""
        release = Release.objects.get(campaign=campaign, version=options["release_version"])
        counted = services.release_statistics(release)
        if counted is not None:
            for said in emptiness.sentences(counted.totals, requests.method_of(release)):
                out.write(said)

    def track(self, items: Any, total: int) -> Any:
        return self.progress(items, total, "Images")

    def track_files(self, items: Iterable[str], total: int) -> Iterator[str]:
        return self.progress(items, total, "Files")

    def exhaust(self, packing: Iterator[str], tree: Path) -> None:
        """Run a packing iterator to its end, and show the progress."""
        total = sum(1 for path in tree.rglob("*") if path.is_file())
        for _ in self.track_files(packing, total):
            pass


def checks(tree: Path | None = None) -> str:
    """Return instructions for checking what was built."""
    return (
        "`sha256sum -c SHA256SUMS` in its folder, or all that can be checked with "
        f"`manage.py verify_release {tree or 'DIR'}`."
    )


def request_of(
    campaign: Campaign, options: dict[str, Any], known: Release | None
) -> requests.ReleaseRequest:
    """Return the request from the command line; `known` is the existing release of this version.

    Raises:
        CommandError: A seed was given without the method that uses it.
    """
    formats = options["formats"]
    return requests.ReleaseRequest(
        options["layout"],
        requested_method(campaign, options, known),
        None if formats is None else tuple(formats),
        options["date"],
    )


def requested_method(
    campaign: Campaign, options: dict[str, Any], known: Release | None
) -> MergeMethod | None:
    """Return the method from --method and --seed, or None without them."""
    before = MergeMethod(Kind.VOTES) if known is None else requests.method_of(known)
    kind = Kind(options["method"]) if options["method"] else before.kind
    seed = options["seed"]
    if seed is not None and kind != Kind.RANDOM:
        raise CommandError(
            f"--seed needs --method random, but the method is {kind}. Leave --seed out, or "
            "add --method random."
        )
    if seed is None:
        seed = before.seed
    if options["method"] is None and options["seed"] is None:
        return None
    return methods_to_compare(merges.rule_of(campaign), seed)[kind]


def check_version(version: str) -> None:
    """Check that the version can be part of a folder name.

    Raises:
        CommandError: It cannot.
    """
    field = Release._meta.get_field("version")
    try:
        field.run_validators(version)
    except ValidationError as error:
        raise CommandError(f"--version {version!r}: {' '.join(error.messages)}") from error
