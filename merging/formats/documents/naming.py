"""Whom and what a release names: its creators, and the paper whose method it follows."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from merging.formats.contents.facts import ReleaseFacts
from merging.formats.contents.licenses import license_title

PAPER_TITLE = "AI4MARS: A Dataset for Terrain-Aware Autonomous Driving on Mars"
PAPER_VENUE = (
    "Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR) "
    "Workshops"
)
PAPER_YEAR = 2021
PAPER_AUTHORS = (
    ("Swan", "R. Michael"),
    ("Atha", "Deegan"),
    ("Leopold", "Henry A."),
    ("Gildner", "Matthew"),
    ("Oij", "Stephanie"),
    ("Chiu", "Cindy"),
    ("Ono", "Masahiro"),
)

KEYWORDS = ("Mars", "terrain", "semantic segmentation", "citizen science")


@dataclass(frozen=True, slots=True)
class Creator:
    """A person ("Family, Given") or, without a comma, a group; a group has no `given` name."""

    name: str
    given: str = ""

    @property
    def is_person(self) -> bool:
        return bool(self.given)

    @property
    def whole(self) -> str:
        """As catalogs sort it."""
        return f"{self.name}, {self.given}" if self.given else self.name


def creators(facts: ReleaseFacts) -> list[Creator]:
    """Those who are named; if nobody is, those who labeled: a citation needs an author."""
    found = []
    for written in facts.creators:
        family, _, given = (part.strip() for part in written.partition(","))
        found.append(Creator(family, given))
    return found or [Creator(labelers_of(facts.title))]


def labelers_of(title: str) -> str:
    """Who is named where nobody else is."""
    return f"The labelers of {title}"


def abstract(facts: ReleaseFacts) -> str:
    """The description of the campaign, or what can be said of any."""
    count = sum(facts.counts.values())
    return facts.description.strip() or f"{count} images of Mars and masks of their terrain."


def publisher(facts: ReleaseFacts) -> str:
    """The host that publishes; ":unav", DataCite's word for what is not known, without one."""
    return urlsplit(facts.homepage).hostname or ":unav"


def rights(facts: ReleaseFacts) -> str:
    """The license in words, with its SPDX name."""
    title = license_title(facts.license)
    return title if title == facts.license else f"{title} ({facts.license})"
