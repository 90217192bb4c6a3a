from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from ai4mars_site.commands import BulkCommand
from labeling.management.arguments import campaign_of
from labeling.models import Campaign
from merging.methods import Kind, methods_beside
from merging.models import Release
from merging.release.exports import EXPORTS
from merging.services import merges, releases


class Command(BulkCommand):
    help = (
        "Build a release of a campaign into a folder: the released AI4Mars tree with SHA256SUMS. "
        "Labels are merged first where they have changed. A version is built once; asked for "
        "again, the same content is written again, and other content is refused."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Django's own --version, of Django, gives way to the release's.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--campaign", required=True, metavar="SLUG")
        parser.add_argument("--version", required=True, dest="release_version", metavar="V")
        parser.add_argument(
            "--layout", choices=Release.Layout.values, default=Release.Layout.V0_1.value
        )
        parser.add_argument(
            "--method",
            choices=[kind.value for kind in Kind],
            default=Kind.VOTES.value,
            help="how the crowd's labels are merged; the rule itself is the campaign's",
        )
        parser.add_argument("--seed", type=int, default=0, help="of --method random")
        parser.add_argument(
            "--formats",
            nargs="*",
            default=[],
            choices=list(EXPORTS),
            metavar="FORMAT",
            help=f"beside the tree: {', '.join(EXPORTS)}",
        )
        parser.add_argument(
            "--date",
            type=date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="that the release tells; today's where none is given",
        )
        parser.add_argument("--out", required=True, type=Path, metavar="DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_of(options["campaign"])
        try:
            tree = self.build(campaign, options)
        except releases.ReleaseRefused as refused:
            raise CommandError(str(refused)) from refused
        except OSError as error:
            raise CommandError(f"{options['out']} cannot be written to: {error}.") from error
        self.stdout.write(f"{tree} is complete; check it with: sha256sum -c SHA256SUMS")

    def build(self, campaign: Campaign, options: dict[str, Any]) -> Path:
        version, out, workers = options["release_version"], options["out"], options["workers"]
        check_version(version)
        complete = Release.objects.filter(
            campaign=campaign, version=version, status=Release.Status.COMPLETE
        ).first()
        if complete is not None:
            return releases.rebuild_folder(complete, out, workers, self.track)
        pending = Release.objects.filter(
            releases.claimable(), campaign=campaign, version=version
        ).first()
        announced = pending or releases.announce(campaign, version, wanted_of(campaign, options))
        release = releases.claim(announced.pk)
        if release is None:
            raise CommandError(f"Version {version} is being built by somebody else right now.")
        return releases.build_folder(release, out, workers, self.track)

    def track(self, items: Any, total: int) -> Any:
        return self.progress(items, total, "Images")


def wanted_of(campaign: Campaign, options: dict[str, Any]) -> releases.Wanted:
    """What was asked for on the command line."""
    methods = methods_beside(merges.rule_of(campaign), options["seed"])
    return releases.Wanted(
        options["layout"],
        methods[Kind(options["method"])],
        tuple(options["formats"]),
        options["date"],
    )


def check_version(version: str) -> None:
    """The version becomes a folder's name; CommandError where it cannot."""
    field = Release._meta.get_field("version")
    try:
        field.run_validators(version)
    except ValidationError as error:
        raise CommandError(f"--version {version!r}: {' '.join(error.messages)}") from error
