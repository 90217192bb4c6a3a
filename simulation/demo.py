"""The demo campaign: simulated scenes, labeled by synthetic volunteers and experts.

It uses the same services as real images and people. It is seeded: the demo is the same on every
machine. Each step is skipped if its result exists, so running it again completes an interrupted
demo.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction

from ai4mars_site.toolkit.actors import Actor, ActorKind
from ai4mars_site.toolkit.bulk import each
from ai4mars_site.toolkit.jobs import working
from labeling.annotation.services import assignments, labels
from labeling.campaigns.services.creation import campaign_from_preset
from labeling.images.ingest.products import MSL_PRESET, Product
from labeling.images.preparation.image_files import beyond_limit
from labeling.images.preparation.pictures import jpeg_bytes
from labeling.images.services.imports import import_product, parameters_of
from labeling.models import Assignment, Campaign, Image, Label, Labeler, ReferenceAnswer, Role
from labeling.people.permissions import EXPERTS, REVIEWERS
from labeling.people.services.labelers import imported_labeler, labeler_of_user
from labeling.training.services import reference_answers
from merging.models import Release
from merging.releases.services import builder, requests
from review.scores.services import scores
from review.skill import services
from simulation.scenes.scene import Scene, make_scene
from simulation.volunteers.drawing import draw_label
from simulation.volunteers.people import Volunteer, make_experts, make_volunteers
from terrain.display.tone import linear
from terrain.geometry.regions import Region
from terrain.masks import NO_LABEL
from terrain.postprocess import Mask

SLUG = "demo"
NAME = "Demo: a simulated rover"
DESCRIPTION = (
    "Pictures made by a computer, of a Mars that does not exist, so that you can try everything. "
    "Draw soil, bedrock, sand and big rocks."
)
VERSION = "0.1"
LOGINS_FILE = "demo_logins.txt"

#: Labels of the synthetic crowd on scene n, repeating: some scenes are complete, one needs more
#: labels, one has none.
LABELS_PER_SCENE = (10, 10, 4, 0)
#: Every eighth scene is gold.
GOLD_EVERY = 8
CROWD = 24
EXPERT_SEED = 7
CROWD_SEED = 11
#: Seeds of the practice scenes before the first real image, and of later reference images: chosen
#: by eye, with large clear areas, and above the seeds of all other scenes.
LESSON_SEEDS = (5005, 5006)
KNOWN_SEEDS = (5001, 5009)
#: A patch smaller than a square with this share of the image side is not compared.
SPECKS_PER_SIDE = 40
KNOWN_IMAGE_PERCENT = 20
#: Namespace of the ids of synthetic labels.
LABEL_NAMESPACE = uuid.UUID("9f1d4c1e-6f0e-5d0a-8d1c-6f1f3f5b2a77")

#: The actor of all changes to the demo.
ACTOR = Actor(ActorKind.COMMAND, "create_demo")

WORDS = ("crater", "dusty", "gale", "jezero", "mesa", "ripple", "rover", "sol", "stony", "syrtis")


@dataclass(frozen=True, slots=True)
class Login:
    """An account of the demo and its role."""

    username: str
    groups: tuple[str, ...]
    is_admin: bool
    purpose: str


LOGINS = (
    Login("volunteer", (), False, "draws, as anybody can without an account too"),
    Login("reviewer", (REVIEWERS,), False, "rates the doubtful labels"),
    Login("expert", (EXPERTS,), False, "labels the gold set, by assignment"),
    Login("expert2", (EXPERTS,), False, "a second expert"),
    Login("expert3", (EXPERTS,), False, "a third expert"),
    Login("admin", (), True, "watches progress, plans gold, publishes releases"),
)


def campaign() -> Campaign:
    """Return the campaign of the demo; create it if it is missing."""
    made, created = campaign_from_preset(ACTOR, SLUG, MSL_PRESET)
    if created:
        made.name, made.description = NAME, DESCRIPTION
        made.reference_image_percent = KNOWN_IMAGE_PERCENT
        made.save(update_fields=("name", "description", "reference_image_percent"))
    return made


def is_complete() -> bool:
    """Return whether the last step of the demo is complete."""
    return Release.objects.filter(
        campaign__slug=SLUG, version=VERSION, status=Release.Status.COMPLETE
    ).exists()


@dataclass(frozen=True, slots=True)
class SceneJob:
    """A scene to create; its number is its seed."""

    seed: int
    size: int


def make_scenes(count: int, size: int, workers: int) -> Iterator[str]:
    """Create the scenes with their labels, in `workers` processes; yield product ids."""
    people = [*make_volunteers(CROWD, np.random.default_rng(CROWD_SEED)), *_experts()]
    for person in people:
        imported_labeler(campaign(), person.name)
    return each(make_labeled_scene, (SceneJob(seed, size) for seed in range(count)), workers)


def _experts() -> list[Volunteer]:
    return make_experts(3, np.random.default_rng(EXPERT_SEED))


def make_labeled_scene(job: SceneJob) -> str:
    """Import one scene and store the labels of its synthetic labelers."""
    demo = campaign()
    scene = make_scene(job.seed, job.size)
    product = product_of(scene, job.seed)
    import_product(ACTOR, demo, product, orbital_class=scene.terrain_class)
    image = demo.images.get(product_id=scene.product_id)
    beyond, _ = beyond_limit(product, parameters_of(demo))
    drawable = scene.truth if beyond is None else np.where(beyond, NO_LABEL, scene.truth)
    is_gold = job.seed % GOLD_EVERY == GOLD_EVERY - 1
    team = _experts() if is_gold else _volunteers_of(job.seed)
    for place, volunteer in enumerate(team):
        rng = np.random.default_rng([CROWD_SEED, job.seed, place])
        regions = draw_label(volunteer, drawable.astype(np.uint8), demo.class_codes(), rng)
        labeler = imported_labeler(demo, volunteer.name)
        _store(image, labeler, Role.EXPERT if is_gold else Role.CROWD, regions)
    labels.process_image(image.pk)
    scores.score_image(image.pk)
    return scene.product_id


def _volunteers_of(seed: int) -> list[Volunteer]:
    crowd = make_volunteers(CROWD, np.random.default_rng(CROWD_SEED))
    chosen = np.random.default_rng([CROWD_SEED, seed]).permutation(CROWD)
    return [crowd[int(i)] for i in chosen[: LABELS_PER_SCENE[seed % len(LABELS_PER_SCENE)]]]


@transaction.atomic
def _store(image: Image, labeler: Labeler, role: str, regions: list[Region]) -> None:
    if Label.objects.filter(image=image, labeler=labeler).exists():
        return
    if role == Role.EXPERT:
        assignments.assign_gold(ACTOR, image, [labeler])
    else:
        Assignment.objects.get_or_create(image=image, labeler=labeler)
    label_id = uuid.uuid5(LABEL_NAMESPACE, f"{image.campaign_id}/{image.product_id}/{labeler.name}")
    labels.store(ACTOR, image, labeler, role, regions, label_id)


def product_of(scene: Scene, seed: int) -> Product:
    """Return a scene as an importer would read it."""
    frame = linear(scene.dn)
    return Product(
        product_id=scene.product_id,
        rover="curiosity",
        camera="navcam",
        eye="left",
        sol=scene.sol,
        start_time=None,
        site=scene.site,
        drive=scene.drive,
        sequence="",
        linear=frame,
        original_jpeg=jpeg_bytes(frame, quality=95),
        pixels=scene.dn,
        source_path=f"simulation, seed {seed}",
        source_sha256="",
        camera_model=scene.camera,
        rover_mask=scene.rover_mask,
        range_m=scene.range_m,
    )


def make_reference_answers(size: int) -> None:
    """Create reference images: lessons, and some that are mixed with ordinary images."""
    demo = campaign()
    for seed in (*LESSON_SEEDS, *KNOWN_SEEDS):
        scene = make_scene(seed, size)
        image = demo.images.filter(product_id=scene.product_id).first()
        if image is None:
            import_product(ACTOR, demo, product_of(scene, seed), orbital_class=scene.terrain_class)
            image = demo.images.get(product_id=scene.product_id)
        reference_answers.set_answer(
            ACTOR,
            image,
            without_specks(scene.truth, (size / SPECKS_PER_SIDE) ** 2),
            ReferenceAnswer.Source.MASK,
            is_lesson=seed in LESSON_SEEDS,
        )


def without_specks(truth: Mask, least: float) -> Mask:
    """Return a mask in which patches of fewer than `least` pixels are 255 (not compared)."""
    from scipy import ndimage

    cleaned = truth.copy()
    for code in np.unique(truth[truth != NO_LABEL]):
        patches, _count = ndimage.label(truth == code)
        is_speck = np.bincount(patches.ravel()) < least
        is_speck[0] = False
        cleaned[is_speck[patches]] = NO_LABEL
    return cleaned


def assign_expert_image() -> None:
    """Add a gold image that is assigned to the expert accounts of the demo."""
    names = [login.username for login in LOGINS if EXPERTS in login.groups]
    experts = [labeler_of_user(user) for user in User.objects.filter(username__in=names)]
    if Assignment.objects.filter(labeler__in=experts, role=Role.EXPERT).exists():
        return
    image = (
        Image.objects.filter(campaign__slug=SLUG, pool=Image.Pool.CROWD, assignments=None)
        .order_by("product_id")
        .first()
    )
    if image is not None:
        assignments.assign_gold(ACTOR, image, experts)


def estimate_skill() -> None:
    """Estimate the skill of the labelers, as the nightly task does."""
    demo = campaign()
    if not services.is_current(demo):
        services.estimate_campaign(demo)


def build_first_release() -> None:
    """Build a release, as a manager would from the page."""
    if is_complete():
        return
    demo = campaign()
    pending = Release.objects.filter(Release.claimable(), campaign=demo, version=VERSION).first()
    requested = pending or requests.request_release(ACTOR, demo, VERSION)
    release = builder.claim(requested.pk)
    if release is not None:
        with working(release):
            builder.build_archive(release, Path(settings.AI4MARS_HOME) / "scratch")


def make_logins() -> Path:
    """Create the accounts of the demo with a random password; return the file that holds it.

    If the file exists, the accounts are left unchanged.
    """
    path = Path(settings.AI4MARS_HOME) / LOGINS_FILE
    if path.exists() and User.objects.filter(username="admin").exists():
        return path
    password = "-".join(
        [secrets.choice(WORDS), secrets.choice(WORDS), f"{secrets.randbelow(10_000):04d}"]
    )
    with transaction.atomic():
        for login in LOGINS:
            user, _ = User.objects.get_or_create(username=login.username)
            user.is_staff = user.is_superuser = login.is_admin
            user.set_password(password)
            user.save()
            user.groups.set(Group.objects.filter(name__in=login.groups))
    path.touch(mode=0o600)
    path.write_text(logins_text(password))
    return path


def logins_text(password: str) -> str:
    """Return the table of logins that `make run` prints."""
    rows = [f"  {login.username:<10} {password:<22} {login.purpose}" for login in LOGINS]
    return "\n".join([f"  {'user':<10} {'password':<22} for", *rows]) + "\n"
