"""The next gold images of a campaign: sampled, reviewed, and assigned to experts (paper 3.1)."""

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
    Illustration,
    Image,
    ImageQuerySet,
    Labeler,
    Role,
    SeenLabels,
)
from merging.models import GoldPlan, PlannedImage
from terrain.aggregation import gold_sampling


class PlanRefused(Conflict):
    """The plan cannot be sampled, changed or assigned."""

    code = "plan_refused"


# -- which images ----------------------------------------------------------------------------------


def training_images(campaign: Campaign) -> ImageQuerySet:
    """Return the crowd's images, from which a gold set is sampled."""
    return Image.objects.filter(campaign=campaign).to_draw()


def suggested_count(campaign: Campaign) -> int:
    """Return the suggested size of a gold set: about 1 % of the training images, at least 1 (paper
    3.1).
    """
    return max(1, round(training_images(campaign).count() * gold_sampling.GOLD_PERCENT / 100))


def exclusions(plan: GoldPlan) -> list[tuple[str, Q]]:
    """Return the conditions that an image must meet to be sampled, each with its name, in order.

    Images without measurements pass the conditions on quality.
    """
    unmeasured = Q(quality=None)
    usable = Image.objects.usable().filter(campaign=plan.campaign)
    conditions: list[tuple[str, Q]] = []
    if plan.only_fresh:
        given = Assignment.objects.filter(image=OuterRef("pk"))
        # Outlines that lessons show would not be independent of the experts' labels.
        illustrated = Illustration.objects.filter(image=OuterRef("pk"))
        conditions.append(("only_fresh", Q(~Exists(given), ~Exists(illustrated))))
    conditions += [
        ("max_dark", unmeasured | Q(quality__dark_share__lte=plan.max_dark / 100)),
        ("max_saturated", unmeasured | Q(quality__saturated_share__lte=plan.max_saturated / 100)),
        ("min_sharpness", unmeasured | Q(quality__sharpness__gte=plan.min_sharpness / 100)),
        ("max_rover", unmeasured | Q(quality__rover_share__lte=plan.max_rover / 100)),
        ("min_terrain", unmeasured | Q(quality__terrain_share__gte=plan.min_terrain / 100)),
    ]
    if plan.without_duplicates:
        # Exclude both images of a pair: the training set must not show scenes of the gold set.
        earlier = usable.filter(pk=OuterRef("duplicate_of"))
        later = usable.filter(duplicate_of=OuterRef("pk"))
        conditions.append(("without_duplicates", Q(~Exists(earlier), ~Exists(later))))
    return conditions


def candidates(plan: GoldPlan) -> ImageQuerySet:
    """Return the images from which a plan is sampled. The plan may be unsaved."""
    return training_images(plan.campaign).filter(*(each for _name, each in exclusions(plan)))


def count_remaining(plan: GoldPlan) -> list[tuple[str, int]]:
    """Return how many images remain after each exclusion, as (name, count).

    ("", all) comes first.
    """
    conditions = exclusions(plan)
    passed, counts = Q(), {"all": Count("pk")}
    for number, (_name, condition) in enumerate(conditions):
        passed &= condition
        counts[f"remaining_{number}"] = Count("pk", filter=passed)
    # One query for all counts.
    found = training_images(plan.campaign).aggregate(**counts)
    names = ["", *(name for name, _condition in conditions)]
    return list(zip(names, found.values(), strict=True))


def gold_by_class(campaign: Campaign) -> Counter[str]:
    """Return the number of gold images by orbital terrain class; "" for unknown."""
    images = Image.objects.filter(campaign=campaign).gold()
    return Counter(images.values_list("orbital_class", flat=True))


# -- the plan --------------------------------------------------------------------------------------


def draft_of(campaign: Campaign) -> GoldPlan | None:
    """Return the campaign's plan that is not assigned yet, or None."""
    return GoldPlan.objects.filter(campaign=campaign, assigned_at=None).first()


def sample_plan(actor: Actor, plan: GoldPlan, experts: Iterable[Labeler] = ()) -> GoldPlan:
    """Store a plan with images sampled by its seed, evenly over terrain classes.

    Existing gold images are taken into account: a class with few gets more.

    Raises:
        PlanRefused: No image meets the conditions, or the campaign has another draft.
    """
    groups: dict[str, list[int]] = {}
    for pk, name in candidates(plan).order_by("pk").values_list("pk", "orbital_class"):
        groups.setdefault(name, []).append(pk)
    if not groups:
        raise PlanRefused(_("No image meets all conditions. Relax one and count again."))
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
            _("This campaign already has a draft plan. Assign or discard it first.")
        ) from error
    return plan


def images_of(plan: GoldPlan) -> list[Image]:
    """Return the plan's images, sorted by class and name."""
    planned = Image.objects.filter(pk__in=plan.planned.filter(is_out=False).values("image"))
    return list(planned.order_by("orbital_class", "product_id"))


def _claim_revision(plan: GoldPlan) -> None:
    """Increase the revision of a draft, which locks it for the rest of the transaction."""
    drafts = GoldPlan.objects.filter(pk=plan.pk, assigned_at=None)
    if not drafts.update(revision=F("revision") + 1):
        raise PlanRefused(_("This plan is already assigned."))


@transaction.atomic
def remove_image(actor: Actor, plan: GoldPlan, image_id: int) -> None:
    """Remove an image from a draft. It is not sampled again.

    Raises:
        PlanRefused: The plan is already assigned.
    """
    _claim_revision(plan)
    plan.planned.filter(image=image_id).update(is_out=True)


@transaction.atomic
def restore_image(actor: Actor, plan: GoldPlan, image_id: int) -> None:
    """Undo `remove_image`.

    Raises:
        PlanRefused: The plan is already assigned.
    """
    _claim_revision(plan)
    plan.planned.filter(image=image_id).update(is_out=False)


@transaction.atomic
def replace_image(actor: Actor, plan: GoldPlan, image_id: int) -> Image:
    """Replace an image by another one of the same terrain class and return that one.

    The same seed and the same earlier changes give the same image.

    Raises:
        PlanRefused: No other image of the class remains, or the plan is already assigned.
    """
    _claim_revision(plan)
    image = Image.objects.get(pk=image_id)
    others = candidates(plan).filter(orbital_class=image.orbital_class)
    ids = list(others.exclude(pk__in=plan.planned.values("image")).order_by("pk"))
    if not ids:
        raise PlanRefused(
            _(
                "There is no other image of this terrain class. Remove this one, or relax a "
                "condition."
            )
        )
    generator = np.random.default_rng([plan.seed, plan.planned.count()])
    chosen = ids[int(generator.integers(len(ids)))]
    plan.planned.filter(image=image_id).update(is_out=True)
    PlannedImage.objects.create(plan=plan, image=chosen)
    return chosen


@transaction.atomic
def add_image(actor: Actor, plan: GoldPlan, product_id: str) -> Image:
    """Add one image to a draft, whatever its quality.

    Raises:
        PlanRefused: There is no such image, it cannot become gold, or the plan is already assigned.
    """
    image = Image.objects.filter(campaign=plan.campaign_id, product_id=product_id.strip()).first()
    if image is None:
        raise PlanRefused(
            _("This campaign has no image %(name)s. Enter the full name from its page.")
            % {"name": product_id.strip()}
        )
    reason = why_not_gold(image)
    if reason:
        raise PlanRefused(f"{image.product_id}: {reason}")
    _claim_revision(plan)
    PlannedImage.objects.update_or_create(plan=plan, image=image, defaults={"is_out": False})
    return image


def why_not_gold(image: Image) -> str:
    """Return a sentence that says why an image cannot become gold; empty if it can."""
    if image.retired_at is not None:
        return _("It is retired. Restore it first, or choose another.")
    if image.pool == Image.Pool.GOLD:
        return _("It is already a gold image.")
    if image.pool == Image.Pool.PRACTICE:
        return _("It is a reference image. Choose another.")
    return ""


@transaction.atomic
def set_experts(
    actor: Actor, plan: GoldPlan, experts: Collection[Labeler], classes_per_expert: int
) -> None:
    """Set the experts of a plan, and the maximum number of terrain classes for each of them.

    Raises:
        PlanRefused: The plan is already assigned.
    """
    _claim_revision(plan)
    GoldPlan.objects.filter(pk=plan.pk).update(classes_per_expert=classes_per_expert)
    plan.experts.set(experts)


def discard(actor: Actor, plan: GoldPlan) -> None:
    """Delete a draft. An assigned plan is kept."""
    GoldPlan.objects.filter(pk=plan.pk, assigned_at=None).delete()


# -- who labels them -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Teams:
    """The experts of each terrain class, before images are assigned.

    Attributes:
        images: The number of planned images by terrain class.
        experts: All experts of the plan.
        teams: The experts of each class; empty if there are too few experts.
        kept: Classes that keep the team of their earlier gold images.
        missing: How many more experts are needed.
    """

    images: dict[str, int]
    experts: list[Labeler]
    teams: dict[str, list[Labeler]] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    missing: int = 0

    def load(self, expert: Labeler) -> int:
        """Return how many images an expert would label."""
        return sum(self.images[name] for name, team in self.teams.items() if expert in team)


def teams_of(plan: GoldPlan, images: Collection[Image]) -> Teams:
    """Return the teams of the plan's experts for these images."""
    counts = Counter(image.orbital_class for image in images)
    experts = list(plan.experts.order_by("pk"))
    earlier = _earlier_teams(plan.campaign, counts, experts)
    kept = frozenset(earlier & counts.keys())
    try:
        teams = gold_sampling.expert_teams(counts, experts, plan.classes_per_expert, earlier)
    except gold_sampling.TooFewExperts as too_few:
        return Teams(dict(sorted(counts.items())), experts, missing=too_few.missing, kept=kept)
    return Teams(dict(sorted(counts.items())), experts, teams, kept)


def _earlier_teams(
    campaign: Campaign, counts: Counter[str], experts: Collection[Labeler]
) -> dict[str, list[Labeler]]:
    """Return the teams of earlier gold images by terrain class.

    For classes in this plan, only complete teams are included, because those can continue
    unchanged.
    """
    given = Assignment.objects.filter(
        role=Role.EXPERT, image__campaign=campaign, image__pool=Image.Pool.GOLD
    )
    members: dict[str, list[int]] = {}
    rows = given.values_list("image__orbital_class", "labeler").distinct()
    for name, labeler in rows.order_by("image__orbital_class", "labeler"):
        members.setdefault(name, []).append(labeler)
    by_id = {expert.pk: expert for expert in experts}
    teams = {}
    for name, ids in members.items():
        team = [by_id[pk] for pk in ids if pk in by_id]
        if name not in counts or len(team) == len(ids) == gold_sampling.EXPERTS_PER_IMAGE:
            teams[name] = team
    return teams


def conflicts(plan: GoldPlan, images: Collection[Image], teams: Teams) -> dict[int, str]:
    """Return why images of the plan cannot be assigned, as a sentence by image id."""
    found = {image.pk: why for image in images if (why := why_not_gold(image))}
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
                _(
                    "%(expert)s has already seen it as a volunteer. Replace the image, or choose "
                    "another expert."
                )
                % {"expert": assignment.labeler},
            )
    others = SeenLabels.objects.filter(image__in=by_id, labeler__in=teams.experts)
    for shown in others.select_related("labeler").order_by("pk"):
        if shown.labeler in teams.teams.get(by_id[shown.image_id].orbital_class, ()):
            found.setdefault(
                shown.image_id,
                _(
                    "%(expert)s has already seen other labels of it. Replace the image, or "
                    "choose another expert."
                )
                % {"expert": shown.labeler},
            )
    return found


def missing_experts_message(teams: Teams, limit: int) -> str:
    """Return a sentence that says how many experts are missing; empty if there are enough."""
    if not teams.missing:
        return ""
    needed = len(teams.experts) + teams.missing
    experts = ngettext("%(n)s expert", "%(n)s experts", needed) % {"n": needed}
    return ngettext(
        "With three experts per class and at most %(limit)s classes per expert, %(n)s terrain "
        "class needs at least %(experts)s. Choose more experts or raise the limit.",
        "With three experts per class and at most %(limit)s classes per expert, %(n)s terrain "
        "classes need at least %(experts)s. Choose more experts or raise the limit.",
        len(teams.images),
    ) % {"n": len(teams.images), "experts": experts, "limit": limit}


def assign(actor: Actor, plan: GoldPlan, revision: int) -> int:
    """Assign all images of a plan, or none. Return how many images became gold.

    Args:
        actor: In whose name the images are assigned.
        plan: The plan.
        revision: The revision of the plan that the manager saw.

    Returns:
        The number of images; 0 if the plan was assigned before.

    Raises:
        PlanRefused: The plan changed after `revision`, has no images, or has conflicts.
    """
    with transaction.atomic():
        now = timezone.now()
        unchanged = GoldPlan.objects.filter(pk=plan.pk, assigned_at=None, revision=revision)
        if not unchanged.update(assigned_at=now):
            if GoldPlan.objects.filter(pk=plan.pk, assigned_at=None).exists():
                raise PlanRefused(
                    _("The plan changed after you opened this page. Check it again and assign it.")
                )
            return 0
        images = images_of(plan)
        teams = teams_of(plan, images)
        if not images:
            raise PlanRefused(_("The plan has no images. Add some first."))
        problem = missing_experts_message(teams, plan.classes_per_expert)
        if problem:
            raise PlanRefused(problem)
        problems = conflicts(plan, images, teams)
        for image in images:
            if image.pk in problems:
                raise PlanRefused(f"{image.product_id}: {problems[image.pk]}")
        for image in images:
            assignments.assign_gold(actor, image, teams.teams[image.orbital_class])
        return len(images)
