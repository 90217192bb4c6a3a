"""The next gold images of a campaign: drawn, looked through, given to experts (paper 3.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.errors import Conflict
from labeling.annotation.services import assignments
from labeling.models import (
    Assignment,
    Campaign,
    Image,
    ImageQuerySet,
    Labeler,
    Role,
    SeenLabels,
)
from merging.models import GoldPlan, PlannedImage
from terrain.aggregation import gold_sampling


class PlanRefused(Conflict):
    """A plan that cannot be drawn, changed or assigned so."""

    code = "plan_refused"


# -- which images ----------------------------------------------------------------------------------


def training_images(campaign: Campaign) -> ImageQuerySet:
    """The crowd's images: those that a gold set is sampled from."""
    return Image.objects.filter(campaign=campaign).to_draw()


def usual_count(campaign: Campaign) -> int:
    """About 1 % of the training images, and at least one (paper 3.1)."""
    return max(1, round(training_images(campaign).count() * gold_sampling.GOLD_PERCENT / 100))


def exclusions(plan: GoldPlan) -> list[tuple[str, Q]]:
    """What an image must be to be drawn, by name, one condition after the other.

    Images that were not measured pass the conditions on their quality.
    """
    unmeasured = Q(quality=None)
    alike = Image.objects.usable().filter(campaign=plan.campaign)
    conditions: list[tuple[str, Q]] = []
    if plan.only_fresh:
        given = Assignment.objects.filter(image=OuterRef("pk"))
        conditions.append(("only_fresh", Q(~Exists(given))))
    conditions += [
        ("max_dark", unmeasured | Q(quality__dark_share__lte=plan.max_dark / 100)),
        ("max_saturated", unmeasured | Q(quality__saturated_share__lte=plan.max_saturated / 100)),
        ("min_sharpness", unmeasured | Q(quality__sharpness__gte=plan.min_sharpness / 100)),
        ("max_rover", unmeasured | Q(quality__rover_share__lte=plan.max_rover / 100)),
        ("min_terrain", unmeasured | Q(quality__terrain_share__gte=plan.min_terrain / 100)),
    ]
    if plan.without_duplicates:
        # Neither side of a pair: what is trained on must not show what is measured with.
        earlier = alike.filter(pk=OuterRef("duplicate_of"))
        later = alike.filter(duplicate_of=OuterRef("pk"))
        conditions.append(("without_duplicates", Q(~Exists(earlier), ~Exists(later))))
    return conditions


def candidates(plan: GoldPlan) -> ImageQuerySet:
    """The images that a plan may be drawn from; the plan need not be stored."""
    return training_images(plan.campaign).filter(*(each for _name, each in exclusions(plan)))


def left_after_each(plan: GoldPlan) -> list[tuple[str, int]]:
    """How many images are left after each exclusion: ("", all of them) first, then by name."""
    conditions = exclusions(plan)
    passed, counts = Q(), {"left": Count("pk")}
    for number, (_name, condition) in enumerate(conditions):
        passed &= condition
        counts[f"left_{number}"] = Count("pk", filter=passed)
    # All in one walk over the images.
    found = training_images(plan.campaign).aggregate(**counts)
    names = ["", *(name for name, _condition in conditions)]
    return list(zip(names, found.values(), strict=True))


def gold_by_class(campaign: Campaign) -> Counter[str]:
    """The campaign's gold images by orbital terrain class; "" where it is not known."""
    images = Image.objects.filter(campaign=campaign).gold()
    return Counter(images.values_list("orbital_class", flat=True))


# -- the plan --------------------------------------------------------------------------------------


def draft_of(campaign: Campaign) -> GoldPlan | None:
    """The campaign's plan that is not assigned yet."""
    return GoldPlan.objects.filter(campaign=campaign, assigned_at=None).first()


def draw(actor: Actor, plan: GoldPlan, experts: Iterable[Labeler] = ()) -> GoldPlan:
    """Store a plan with images drawn by its seed, evenly over terrain classes.

    Gold images that are there already count: a class that has few gets more. Raises PlanRefused
    when no image is left, or another plan of the campaign waits.
    """
    groups: dict[str, list[int]] = {}
    for pk, name in candidates(plan).order_by("pk").values_list("pk", "orbital_class"):
        groups.setdefault(name, []).append(pk)
    if not groups:
        raise PlanRefused(_("No picture is left. Loosen a bound, and count again."))
    generator = np.random.default_rng(plan.seed)
    chosen = gold_sampling.sample_evenly(
        groups, plan.count, generator, gold_by_class(plan.campaign)
    )
    try:
        with transaction.atomic():
            plan.created_by_id = actor.user_id
            plan.save()
            plan.experts.set(experts)
            PlannedImage.objects.bulk_create(
                PlannedImage(plan=plan, image_id=pk) for _name, ids in chosen.items() for pk in ids
            )
    except IntegrityError as error:
        raise PlanRefused(
            _("A plan of this campaign waits already. Assign it, or throw it away.")
        ) from error
    return plan


def images_of(plan: GoldPlan) -> list[Image]:
    """The plan's images, by class and name."""
    planned = Image.objects.filter(pk__in=plan.planned.filter(is_out=False).values("image"))
    return list(planned.order_by("orbital_class", "product_id"))


def _change(plan: GoldPlan) -> None:
    """Claim the next revision of a draft, which locks it for the rest of the transaction."""
    drafts = GoldPlan.objects.filter(pk=plan.pk, assigned_at=None)
    if not drafts.update(revision=F("revision") + 1):
        raise PlanRefused(_("This plan has been assigned already."))


@transaction.atomic
def take_out(actor: Actor, plan: GoldPlan, image_id: int) -> None:
    """Take an image out of a draft; it is not drawn again. Raises PlanRefused."""
    _change(plan)
    plan.planned.filter(image=image_id).update(is_out=True)


@transaction.atomic
def put_back(actor: Actor, plan: GoldPlan, image_id: int) -> None:
    """Undo `take_out`. Raises PlanRefused."""
    _change(plan)
    plan.planned.filter(image=image_id).update(is_out=False)


@transaction.atomic
def replace(actor: Actor, plan: GoldPlan, image_id: int) -> Image:
    """Another image of the same terrain class in place of one; returns it. Raises PlanRefused.

    The same seed and the same changes before give the same image.
    """
    _change(plan)
    image = Image.objects.get(pk=image_id)
    others = candidates(plan).filter(orbital_class=image.orbital_class)
    ids = list(others.exclude(pk__in=plan.planned.values("image")).order_by("pk"))
    if not ids:
        raise PlanRefused(
            _("No other picture of this terrain class is left. Take it out, or loosen a bound.")
        )
    generator = np.random.default_rng([plan.seed, plan.planned.count()])
    chosen = ids[int(generator.integers(len(ids)))]
    plan.planned.filter(image=image_id).update(is_out=True)
    PlannedImage.objects.create(plan=plan, image=chosen)
    return chosen


@transaction.atomic
def add(actor: Actor, plan: GoldPlan, product_id: str) -> Image:
    """Put one more image into a draft, whatever its quality. Raises PlanRefused."""
    image = Image.objects.filter(campaign=plan.campaign_id, product_id=product_id.strip()).first()
    if image is None:
        raise PlanRefused(
            _("This campaign has no picture %(name)s. Give its whole name, as it is on its page.")
            % {"name": product_id.strip()}
        )
    why_not = unfit(image)
    if why_not:
        raise PlanRefused(f"{image.product_id}: {why_not}")
    _change(plan)
    PlannedImage.objects.update_or_create(plan=plan, image=image, defaults={"is_out": False})
    return image


def unfit(image: Image) -> str:
    """Why an image cannot become gold, as a sentence; empty when it can."""
    if image.retired_at is not None:
        return _("It was taken out of the campaign. Restore it first, or choose another.")
    if image.pool == Image.Pool.GOLD:
        return _("It is gold already.")
    if image.pool == Image.Pool.PRACTICE:
        return _("People practice on it and know its answer. Choose another.")
    return ""


@transaction.atomic
def set_experts(
    actor: Actor, plan: GoldPlan, experts: Collection[Labeler], classes_per_expert: int
) -> None:
    """Who is to label the plan's images, and in how many classes at most. Raises PlanRefused."""
    _change(plan)
    GoldPlan.objects.filter(pk=plan.pk).update(classes_per_expert=classes_per_expert)
    plan.experts.set(experts)


def throw_away(actor: Actor, plan: GoldPlan) -> None:
    """Forget a draft; an assigned plan stays."""
    GoldPlan.objects.filter(pk=plan.pk, assigned_at=None).delete()


# -- who labels them -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Teams:
    """Who is to label what: before it is made so.

    `images`: planned images by terrain class; `teams`: the experts of each class, none where they
    are too few; `missing`: how many experts are missing; `settled`: classes whose team has labeled
    gold images before and keeps them.
    """

    images: dict[str, int]
    experts: list[Labeler]
    teams: dict[str, list[Labeler]] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()
    missing: int = 0

    def load(self, expert: Labeler) -> int:
        return sum(self.images[name] for name, team in self.teams.items() if expert in team)


def teams_of(plan: GoldPlan, images: Collection[Image]) -> Teams:
    """The teams that the plan's experts make for its images."""
    counts = Counter(image.orbital_class for image in images)
    experts = list(plan.experts.order_by("pk"))
    settled = _settled_teams(plan.campaign, counts, experts)
    named = frozenset(settled & counts.keys())
    try:
        teams = gold_sampling.expert_teams(counts, experts, plan.classes_per_expert, settled)
    except gold_sampling.TooFewExperts as too_few:
        return Teams(dict(sorted(counts.items())), experts, missing=too_few.missing, settled=named)
    return Teams(dict(sorted(counts.items())), experts, teams, named)


def _settled_teams(
    campaign: Campaign, counts: Counter[str], experts: Collection[Labeler]
) -> dict[str, list[Labeler]]:
    """Teams of earlier gold images: of the plan's classes those that can go on as they are."""
    given = Assignment.objects.filter(
        role=Role.EXPERT, image__campaign=campaign, image__pool=Image.Pool.GOLD
    )
    known: dict[str, list[int]] = {}
    rows = given.values_list("image__orbital_class", "labeler").distinct()
    for name, labeler in rows.order_by("image__orbital_class", "labeler"):
        known.setdefault(name, []).append(labeler)
    by_id = {expert.pk: expert for expert in experts}
    teams = {}
    for name, ids in known.items():
        team = [by_id[pk] for pk in ids if pk in by_id]
        if name not in counts or len(team) == len(ids) == gold_sampling.EXPERTS_PER_IMAGE:
            teams[name] = team
    return teams


def conflicts(plan: GoldPlan, images: Collection[Image], teams: Teams) -> dict[int, str]:
    """Why images of the plan cannot be assigned as planned, a sentence by image id."""
    found = {image.pk: why for image in images if (why := unfit(image))}
    by_id = {image.pk: image for image in images}
    seen = (
        Assignment.objects.filter(image__in=by_id, labeler__in=teams.experts)
        .exclude(role=Role.EXPERT)
        .exclude(role=Role.CROWD, status=Assignment.Status.OPEN)
        .select_related("labeler")
    )
    for assignment in seen:
        if assignment.labeler in teams.teams.get(by_id[assignment.image_id].orbital_class, ()):
            found.setdefault(
                assignment.image_id,
                _("%(expert)s has seen it as a volunteer. Replace it, or choose another expert.")
                % {"expert": assignment.labeler},
            )
    others = SeenLabels.objects.filter(image__in=by_id, labeler__in=teams.experts)
    for shown in others.select_related("labeler").order_by("pk"):
        if shown.labeler in teams.teams.get(by_id[shown.image_id].orbital_class, ()):
            found.setdefault(
                shown.image_id,
                _("%(expert)s has seen what others drew. Replace it, or choose another expert.")
                % {"expert": shown.labeler},
            )
    return found


def too_few(teams: Teams, limit: int) -> str:
    """What is missing so that experts can be given out, as a sentence; empty when nothing is."""
    if not teams.missing:
        return ""
    needed = len(teams.experts) + teams.missing
    experts = ngettext("%(n)s expert", "%(n)s experts", needed) % {"n": needed}
    return ngettext(
        "%(n)s terrain class needs at least %(experts)s, three each, when nobody is in more than "
        "%(limit)s. Choose more experts, or raise the limit.",
        "%(n)s terrain classes need at least %(experts)s, three each, when nobody is in more than "
        "%(limit)s. Choose more experts, or raise the limit.",
        len(teams.images),
    ) % {"n": len(teams.images), "experts": experts, "limit": limit}


def assign(actor: Actor, plan: GoldPlan, revision: int) -> int:
    """Carry a plan out, all of it or nothing; returns how many images have become gold.

    0: it was carried out before, and nothing more happens. Raises PlanRefused when it was changed
    since `revision`, has no images, or cannot be carried out as it is.
    """
    with transaction.atomic():
        now = timezone.now()
        as_seen = GoldPlan.objects.filter(pk=plan.pk, assigned_at=None, revision=revision)
        if not as_seen.update(assigned_at=now):
            if GoldPlan.objects.filter(pk=plan.pk, assigned_at=None).exists():
                raise PlanRefused(
                    _("The plan was changed since you looked at it. Look again, then assign it.")
                )
            return 0
        images = images_of(plan)
        teams = teams_of(plan, images)
        if not images:
            raise PlanRefused(_("There is no picture in the plan. Add some first."))
        why_not = too_few(teams, plan.classes_per_expert)
        if why_not:
            raise PlanRefused(why_not)
        wrong = conflicts(plan, images, teams)
        for image in images:
            if image.pk in wrong:
                raise PlanRefused(f"{image.product_id}: {wrong[image.pk]}")
        for image in images:
            assignments.assign_gold(actor, image, teams.teams[image.orbital_class])
        return len(images)
