"""Names in a release: its creators, and the paper that describes its method."""

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
    """A person ("Family, Given") or, without a comma, a group without `given` name."""

    name: str
    given: str = ""

    @property
    def is_person(self) -> bool:
        """Whether this is a person."""
        return bool(self.given)

    @property
    def whole(self) -> str:
        """The name as library catalogs sort it."""
        return f"{self.name}, {self.given}" if self.given else self.name


def creators(facts: ReleaseFacts) -> list[Creator]:
    """Return the creators, or the labelers if there are none: a citation needs an author."""
    found = []
    for written in facts.creators:
        family, _, given = (part.strip() for part in written.partition(","))
        found.append(Creator(family, given))
    return found or [Creator(labelers_of(facts.title))]


def labelers_of(title: str) -> str:
    """Return the creator to name if a release has no others: the labelers of a campaign."""
    return f"The labelers of {title}"


def abstract(facts: ReleaseFacts) -> str:
    """Return the description of the campaign, or a general one."""
    count = sum(facts.counts.values())
    return facts.description.strip() or f"{count} images of Mars and masks of their terrain."


def publisher(facts: ReleaseFacts) -> str:
    """Return the host of the home page; ":unav", DataCite's code for unknown, without one."""
    return urlsplit(facts.homepage).hostname or ":unav"


def rights(facts: ReleaseFacts) -> str:
    """Return the name of the license, with its SPDX identifier."""
    title = license_title(facts.license)
    return title if title == facts.license else f"{title} ({facts.license})"
