"""Planning the gold set: its images and their experts (paper 3.1). Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import combinations, permutations, product
from typing import TypeVar

import numpy as np

Item = TypeVar("Item", bound=Hashable)
Expert = TypeVar("Expert", bound=Hashable)

#: Experts that label each gold image (paper 3.1).
EXPERTS_PER_IMAGE = 3

#: An expert labels images of at most this many terrain classes (paper 3.1).
CLASSES_PER_EXPERT = 2

#: About this share of the training images is gold (paper 3.1), percent.
GOLD_PERCENT = 1

#: The gold images of the paper by orbital terrain class (Table 2).
PAPER_TABLE_2 = {
    "Smooth": 38,
    "Ridged": 45,
    "Pitted": 57,
    "Highly Dissected": 57,
    "Fractured": 41,
    "Sandy Pits and Ripple Fields": 46,
    "Sand Dunes": 39,
}


class TooFewExperts(ValueError):
    """No plan keeps the limit of classes per expert; `missing` more experts would be enough."""

    def __init__(self, missing: int) -> None:
        super().__init__(f"{missing} more experts are needed.")
        self.missing = missing


def sample_evenly(
    groups: Mapping[str, Sequence[Item]],
    count: int,
    generator: np.random.Generator,
    present: Mapping[str, int] | None = None,
) -> dict[str, list[Item]]:
    """Choose `count` images at random, as evenly over the orbital classes as possible.

    The next image comes from the class with the fewest gold images, at random, until `count`
    images are chosen or none remain. So sizes differ by at most one where classes are large enough.

    Args:
        groups: The images of each terrain class.
        count: The number of images to choose.
        generator: The source of randomness; its seed determines the result.
        present: The number of gold images that each class already has.

    Returns:
        The chosen images by class, without classes that have none.

    >>> groups = {"Smooth": [1, 2, 3, 4, 5], "Ridged": [6]}
    >>> chosen = sample_evenly(groups, 3, np.random.default_rng(0))
    >>> {name: len(images) for name, images in chosen.items()}
    {'Ridged': 1, 'Smooth': 2}
    """
    shuffled = {
        name: [items[i] for i in generator.permutation(len(items))]
        for name, items in sorted(groups.items())
    }
    sizes = {name: (present or {}).get(name, 0) for name in shuffled}
    chosen: dict[str, list[Item]] = {}
    for _ in range(min(count, sum(map(len, shuffled.values())))):
        name = min((name for name in shuffled if shuffled[name]), key=lambda name: sizes[name])
        chosen.setdefault(name, []).append(shuffled[name].pop())
        sizes[name] += 1
    return chosen


def expert_teams(
    classes: Mapping[str, int],
    experts: Sequence[Expert],
    limit: int = CLASSES_PER_EXPERT,
    settled: Mapping[str, Sequence[Expert]] | None = None,
) -> dict[str, list[Expert]]:
    """Assign three experts to each terrain class, nobody to more than `limit`.

    The largest class comes first: each class gets the three experts with the least work that leave
    enough capacity for the remaining classes. Then experts pass on or exchange classes while that
    reduces the sum of squared loads. With classes of one size, loads differ by at most one class.

    Args:
        classes: The number of gold images of each terrain class.
        experts: The experts; ties are broken by their order.
        limit: The largest number of classes per expert.
        settled: Teams that are already assigned, which stay.

    Returns:
        The team of each class, in the order of `experts`.

    Raises:
        TooFewExperts: No plan keeps the limit. With C classes, none of them settled,
            max(3, ceil(3 C / limit)) experts are enough.

    >>> expert_teams({"Ridged": 45, "Smooth": 38}, ["Ada", "Ben", "Cleo"])
    {'Ridged': ['Ada', 'Ben', 'Cleo'], 'Smooth': ['Ada', 'Ben', 'Cleo']}
    >>> expert_teams({"Ridged": 45}, ["Ada", "Ben"])
    Traceback (most recent call last):
    terrain.aggregation.gold_sampling.TooFewExperts: 1 more experts are needed.
    """
    kept = {name: list(team) for name, team in (settled or {}).items()}
    open_classes = sorted(classes.keys() - kept.keys(), key=lambda name: (-classes[name], name))
    members: dict[Expert, set[str]] = {expert: set() for expert in experts}
    for name, team in kept.items():
        for expert in team:
            members.setdefault(expert, set()).add(name)
    room = {expert: max(0, limit - len(members[expert])) for expert in experts}
    missing = _missing(room.values(), len(open_classes), limit)
    if missing:
        raise TooFewExperts(missing)
    load = {expert: sum(classes.get(name, 0) for name in members[expert]) for expert in experts}
    for left, name in zip(reversed(range(len(open_classes))), open_classes, strict=True):
        willing = sorted((expert for expert in experts if room[expert]), key=load.__getitem__)
        for expert in next(
            team
            for team in combinations(willing, EXPERTS_PER_IMAGE)
            if not _missing((room[each] - (each in team) for each in experts), left, limit)
        ):
            members[expert].add(name)
            room[expert] -= 1
            load[expert] += classes[name]
    _level(members, load, room, {name: classes[name] for name in open_classes})
    teams = {name: [e for e in experts if name in members[e]] for name in open_classes}
    return {name: kept[name] if name in kept else teams[name] for name in sorted(classes)}


def _missing(room: Iterable[int], classes: int, limit: int) -> int:
    """Return how many more experts are needed for the given number of classes; 0 if none.

    `room` is the number of classes that each expert can still take. Each class needs three
    different experts, so an expert counts once per class (Gale-Ryser theorem; the counts are
    concave in the number of classes, so fewer classes are never harder).
    """
    if not classes:
        return 0
    places = [min(each, classes) for each in room]
    short = EXPERTS_PER_IMAGE * classes - sum(places)
    return max(0, -(-short // min(limit, classes)))


def _level(
    members: dict[Expert, set[str]],
    load: dict[Expert, int],
    room: dict[Expert, int],
    images: Mapping[str, int],
) -> None:
    """Move and exchange classes while that reduces the sum of the squared loads."""
    improved = True
    while improved:
        improved = False
        for busy, free in permutations(load, 2):
            for gives, takes in _steps(members[busy], members[free], room[free], images):
                moved = images[gives] - (images[takes] if takes else 0)
                # (busy - moved)^2 + (free + moved)^2 < busy^2 + free^2
                if moved * (load[busy] - load[free] - moved) <= 0:
                    continue
                members[busy] ^= {gives} | ({takes} if takes else set())
                members[free] ^= {gives} | ({takes} if takes else set())
                load[busy] -= moved
                load[free] += moved
                room[busy] += takes is None
                room[free] -= takes is None
                improved = True
                break


def _steps(
    busy: set[str], free: set[str], room: int, images: Mapping[str, int]
) -> Iterable[tuple[str, str | None]]:
    """Yield (class to give away, class to take in exchange or None) for two experts."""
    give = sorted((busy - free) & images.keys())
    take = sorted((free - busy) & images.keys())
    return product(give, [*([None] if room else []), *take])
