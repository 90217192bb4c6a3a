from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.arguments import place
from ai4mars_site.toolkit.commands import BulkCommand, why
from labeling.images.services import orbital_classes
from labeling.management.arguments import campaign_of
from terrain.orbital_classes import (
    ORBITAL_PRESETS,
    DriveRanges,
    InvalidOrbitalClasses,
    OrbitalClasses,
    RoverPositions,
    TerrainMap,
)
from terrain.tables import decode_table


class Command(BulkCommand):
    help = (
        "Give a campaign's images their terrain class from orbit: from a CSV of ranges of "
        "drives (site_from,drive_from,site_to,drive_to,class), or from a GeoJSON map and a CSV "
        "of rover positions (site,drive,x,y). The gold set is sampled evenly over these "
        "classes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        # Without --workers: a single process needs only seconds.
        parser.add_argument("--campaign", required=True, metavar="SLUG")
        parser.add_argument("--ranges", type=place, metavar="CSV")
        parser.add_argument("--map", type=place, metavar="GEOJSON")
        parser.add_argument("--positions", type=place, metavar="CSV")
        parser.add_argument(
            "--key", help="property of the map that holds the class (default: class)"
        )
        parser.add_argument(
            "--preset",
            choices=sorted(ORBITAL_PRESETS),
            help="refuse classes that are not in this list: msl is the paper's Table 2",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_of(options["campaign"])
        try:
            known = ORBITAL_PRESETS.get(options["preset"])
            actor = Actor.of_command(self)
            found = orbital_classes.attach(actor, campaign, read_classes(options), known)
        except InvalidOrbitalClasses as error:
            raise CommandError(str(error)) from error
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise CommandError(f"The table or map cannot be read: {why(error)}.") from error
        for name, count in sorted(found.items()):
            self.stdout.write(f"{count:>6}  {name or '(no class known)'}")


def read_classes(options: dict[str, Any]) -> OrbitalClasses:
    """Read the classes from the given files. Raise CommandError for a missing or extra option."""
    ranges, terrain_map, positions = options["ranges"], options["map"], options["positions"]
    if ranges and not terrain_map and not positions:
        if options["key"] is not None:
            raise CommandError(
                "--key is for --map; a table of ranges does not use it. Leave it out."
            )
        return DriveRanges.from_csv(decode_table(ranges.read_bytes()))
    if terrain_map and positions and not ranges:
        areas = json.loads(decode_table(terrain_map.read_bytes()))
        terrain = TerrainMap.from_geojson(areas, options["key"] or "class")
        return RoverPositions.from_csv(decode_table(positions.read_bytes()), terrain)
    raise CommandError("Give either --ranges, or --map and --positions together.")
