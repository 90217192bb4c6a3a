"""Ten million scored labels in PostgreSQL, created by the server itself.

Run as a program (`python -m tests.bench.ten_million LABELS`) on the database in DATABASE_URL: it
creates labels without polygons, ten per image, then times the queue page, the threshold after a new
score, and the front page, and prints the times in milliseconds.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import django

SLUG = "bench"
LABELERS = 1000

IMAGES = """
INSERT INTO labeling_image ({columns})
SELECT {values} FROM labeling_image AS like_it, generate_series(2, %s) AS number
"""
LABELS = """
INSERT INTO labeling_label ({columns})
SELECT {values}
FROM labeling_label AS like_it, labeling_image AS image, generate_series(0, 9) AS place
WHERE image.campaign_id = %s AND image.id <> like_it.image_id
"""
# Like a real distribution: most labels agree, and there is a tail of those that do not.
SCORES = """
INSERT INTO review_agreementscore ({columns})
SELECT {values}
FROM review_agreementscore AS like_it, labeling_label AS label
WHERE label.id <> like_it.label_id
"""


#: Those that no constraint needs.
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = current_schema()
AND tablename IN ('labeling_image', 'labeling_label', 'review_agreementscore')
AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


@contextmanager
def in_bulk() -> Iterator[None]:
    """Skip foreign key checks for new rows, and create indexes after all rows are inserted."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        cursor.execute("SET session_replication_role = replica")
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")


def insert(statement: str, model: type, like: str, new: dict[str, str], *values: object) -> None:
    """Copy one row many times, with other values in some columns."""
    from django.db import connection

    columns = [field.column for field in model._meta.concrete_fields]  # type: ignore[attr-defined]
    given = [new.get(column, f"{like}.{column}") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            statement.format(columns=", ".join(columns), values=", ".join(given)), values or None
        )


def fill(labels: int) -> None:
    from django.contrib.auth.models import User
    from django.utils import timezone

    from labeling.campaigns.services.creation import campaign_from_preset
    from labeling.models import Image, Label, Labeler
    from labeling.people.services.labelers import imported_labeler
    from review.models import AgreementScore
    from review.scores.services import distribution
    from tests.factories import ACTOR

    campaign, _ = campaign_from_preset(ACTOR, SLUG, "msl-navcam")
    User.objects.create_user("reviewer")
    Labeler.objects.bulk_create(
        Labeler(name=f"{n}", imported_from=f"{SLUG}/{n}") for n in range(LABELERS)
    )
    image = Image.objects.create(campaign=campaign, product_id="1", width=1024, height=1024)
    now = timezone.now()
    label = Label.objects.create(
        image=image,
        labeler=imported_labeler(campaign, "first"),
        polygons=[],
        status=Label.Status.ACCEPTED,
        pixel_counts={"0": 1},
        sent_at=now,
        processed_at=now,
    )
    AgreementScore.objects.create(
        label=label,
        campaign=campaign,
        role=label.role,
        score=0.5,
        expected=0.5,
        pairs=9,
        labels_version=1,
        computed_at=now,
    )
    first = Labeler.objects.order_by("pk").values_list("pk", flat=True)[0]
    number = {"id": "like_it.id + number", "product_id": "number::text"}
    with in_bulk():
        insert(IMAGES, Image, "like_it", number, labels // 10)
        insert(
            LABELS,
            Label,
            "like_it",
            {
                "id": "gen_random_uuid()",
                "image_id": "image.id",
                "labeler_id": f"{first} + (image.id * 7 + place) %% {LABELERS}",
                "sent_at": "like_it.sent_at + random() * interval '1 year'",
            },
            campaign.pk,
        )
        insert(
            SCORES,
            AgreementScore,
            "like_it",
            {
                "label_id": "label.id",
                "score": "1 - power(random(), 1.5) * random()",
                "expected": "1 - power(random(), 1.5) * random()",
                "audit": "random() < 0.02",
            },
        )
    distribution.recount(campaign)


def milliseconds(work: Callable[[], object], repeat: int = 25) -> float:
    """Return the median wall-clock time; most of it is spent in the database."""
    work()
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1e3 * statistics.median(times)


def measure() -> tuple[float, ...]:
    """Return the times of the queue page with its counts, of the threshold, and of sorting all
    scores.

    Then of the front page, and of counting its figures again.
    """
    from django.contrib.auth.models import User
    from django.test import Client
    from rest_framework.test import APIRequestFactory, force_authenticate

    from labeling.campaigns.services import figures
    from labeling.models import Campaign, Role
    from review.models import AgreementScore, Order
    from review.queue.api import NextLabel
    from review.scores.services import distribution
    from review.scores.services.threshold import threshold
    from terrain.agreement.distribution import BinnedScore

    campaign = Campaign.objects.get(slug=SLUG)
    reviewer = User.objects.get(username="reviewer")
    reviewer.is_staff = True
    view, requests = NextLabel.as_view(), APIRequestFactory()

    def page() -> None:
        request = requests.get("/")
        force_authenticate(request, reviewer)
        answer = view(request, slug=SLUG)
        assert answer.data["label"] is not None
        assert answer.data["remaining"] > 0

    def new_score() -> None:
        distribution.count(
            campaign.pk, [], [BinnedScore(order, Role.CROWD, 0.3, True) for order in Order]
        )
        assert threshold(campaign) is not None

    def sorted_scores() -> None:
        scores = AgreementScore.objects.of_crowd(campaign)
        count = scores.count()
        assert scores.values_list("score")[count * campaign.queue_percent // 100 - 1]

    def front_page() -> None:
        assert Client().get("/").status_code == 200

    figures.sweep()
    return (
        milliseconds(page),
        milliseconds(new_score),
        milliseconds(sorted_scores, repeat=1),
        milliseconds(front_page),
        milliseconds(lambda: figures.count(campaign), repeat=1),
    )


if __name__ == "__main__":
    django.setup()
    fill(int(sys.argv[1]))
    print(*measure())
