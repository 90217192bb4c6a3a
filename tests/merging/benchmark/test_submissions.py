"""Predictions on the leaderboard of a release: uploaded, compared, shown and removed."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image as Pillow

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.services.assignments import assign_gold
from labeling.images.preparation.pictures import png_bytes
from labeling.models import Role
from merging.benchmark import services
from merging.benchmark import tasks as benchmark_tasks
from merging.benchmark.views import PredictionsThrottle
from merging.models import Release, Submission
from merging.releases import tasks as releases_tasks
from merging.releases.services.requests import request_release
from tests.factories import (
    ACTOR,
    accept,
    mask,
    new_account,
    new_admin,
    new_campaign,
    new_expert,
    new_image,
    product_id,
)

pytestmark = pytest.mark.django_db

RIGHT = {f"{product_id(1)}.png": ("0011", "22.."), f"{product_id(2)}.png": ("3333", "....")}
WRONG = {f"{product_id(1)}.png": ("0101", "2.03"), f"{product_id(2)}.png": ("3300", "0000")}


@pytest.fixture(autouse=True)
def _nobody_is_throttled() -> None:
    cache.clear()


@pytest.fixture
def release() -> Release:
    """Return a release with an archive and two gold images, on which three experts agree."""
    campaign = new_campaign()
    experts = [new_expert(name) for name in ("eva", "erik", "emil")]
    for number, rows in ((1, ("0011", "22..")), (2, ("3333", "...."))):
        image = new_image(campaign, number)
        assign_gold(ACTOR, image, experts)
        for expert in experts:
            accept(image, *rows, labeler=expert, role=Role.EXPERT)
    built = request_release(ACTOR, campaign, "0.1")
    releases_tasks.build_release(built.pk)
    built.refresh_from_db()
    return built


@pytest.fixture
def public(release: Release) -> Release:
    release.has_public_leaderboard = True
    release.save()
    return release


@pytest.fixture
def mia() -> User:
    return new_account("mia")


def zipped(files: dict[str, Any]) -> SimpleUploadedFile:
    """Return a zip file of masks (given as rows) or bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data if isinstance(data, bytes) else png_bytes(mask(*data)))
    return SimpleUploadedFile("predictions.zip", content.getvalue(), "application/zip")


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def send(client: Client, release: Release, files: dict[str, Any], **fields: str) -> Any:
    form = {"name": "Net", "archive": zipped(files), **fields}
    return client.post(reverse("benchmark:leaderboard", args=(release.pk,)), form)


def measured(release: Release, files: dict[str, Any], user: User | None = None) -> Submission:
    """Return a submission that a worker has compared."""
    sent = services.submit(Actor.of_user(user) if user else ACTOR, release, "Net", zipped(files))
    benchmark_tasks.compare_submission(sent.pk)
    sent.refresh_from_db()
    return sent


def confusion(submission: Submission, minimum: str = "min3") -> list[list[int]]:
    assert submission.result is not None
    matrix: list[list[int]] = submission.result["evaluations"][minimum]["confusion"]
    return matrix


# -- the worker ------------------------------------------------------------------------------------


def test_a_known_matrix_comes_back(release: Release, home: Path) -> None:
    found = measured(release, WRONG)

    assert (found.status, found.done, found.total) == ("complete", 2, 2)
    assert confusion(found) == confusion(found, "min1")
    assert confusion(found) == [
        [1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [0, 0, 1, 0, 1],
        [2, 0, 0, 2, 0],
    ]
    assert found.accuracy == 0.5
    assert found.miou == pytest.approx((1 / 5 + 1 / 3 + 1 / 2 + 2 / 4) / 4)
    assert found.miou_low is not None
    assert found.miou_low <= found.miou
    assert not found.upload
    assert not list((home / "media" / "predictions").iterdir()), "the upload is gone"
    assert not list((home / "scratch").iterdir()), "and what was unpacked of it"


def test_what_does_not_fit_is_listed_and_nothing_is_counted(release: Release) -> None:
    color = io.BytesIO()
    Pillow.new("RGB", (4, 2)).save(color, "PNG")
    found = measured(
        release,
        {
            f"{product_id(1)}.png": color.getvalue(),
            f"deep/{product_id(2)}.png": png_bytes(np.full((2, 4), 9, dtype=np.uint8)),
            "NLA_1.png": ("00", "00"),
            "notes.txt": b"hello",
        },
    )

    assert (found.status, found.result, found.problem_count) == ("refused", None, 4)
    assert {problem["name"]: problem["kind"] for problem in found.problems} == {
        f"{product_id(1)}.png": "refused",
        f"deep/{product_id(2)}.png": "codes",
        "NLA_1.png": "unknown",
        "notes.txt": "unknown",
    }


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"../evil.png": ("0", "0")}, "leads out of its folder"),
        ({"/evil.png": ("0", "0")}, "absolute name"),
        ({"bomb.png": bytes(80_000_000)}, "more than 67,108,864 are not unpacked"),
    ],
)
def test_a_hostile_zip_is_refused(
    release: Release, home: Path, files: dict[str, Any], said: str
) -> None:
    found = measured(release, files)

    assert (found.status, found.problem_count) == ("refused", 0)
    assert said in found.message
    assert not list((home / "scratch").iterdir())


def test_what_grows_too_much_or_has_too_many_files_is_refused(
    release: Release, settings: Any
) -> None:
    settings.PREDICTIONS_MAX_MEMBERS = 3
    assert "more than 3 files" in measured(release, {f"{n}.png": b"" for n in range(4)}).message
    settings.PREDICTIONS_MAX_BYTES = 10
    assert "more than the 10 bytes" in measured(release, {"a.png": bytes(11)}).message
    sent = services.submit(ACTOR, release, "Net", SimpleUploadedFile("x.zip", b"no zip"))
    benchmark_tasks.compare_submission(sent.pk)
    sent.refresh_from_db()
    assert "neither a zip nor a tar" in sent.message


def test_a_release_at_fault_is_not_the_senders(release: Release) -> None:
    Path(release.archive.path).write_bytes(b"spoiled")

    found = measured(release, RIGHT)

    assert found.status == "failed"
    assert "cannot be read as a zip" in found.message


def test_a_second_message_and_a_dead_worker(release: Release) -> None:
    sent = services.submit(ACTOR, release, "Net", zipped(RIGHT))
    assert services.claim(sent.pk) is not None
    assert services.claim(sent.pk) is None

    silent = timezone.now() - Submission.silence - timedelta(seconds=1)
    Submission.objects.update(heartbeat_at=silent)
    assert list(Submission.objects.filter(Submission.claimable())) == [sent]
    benchmark_tasks.compare_submission(sent.pk)

    sent.refresh_from_db()
    assert (sent.status, sent.accuracy) == ("complete", 1.0)
    result = sent.result
    benchmark_tasks.compare_submission(sent.pk)
    sent.refresh_from_db()
    assert sent.result == result


def test_a_worker_that_was_taken_over_writes_nothing(
    release: Release, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sent = services.submit(ACTOR, release, "Net", zipped(RIGHT))
    report = services._report

    def be_removed(submission: Submission, folder: Path) -> Any:
        found = report(submission, folder)
        services.remove(ACTOR, Submission.objects.get(pk=submission.pk))
        return found

    monkeypatch.setattr(services, "_report", be_removed)

    benchmark_tasks.compare_submission(sent.pk)

    assert "taken over" in caplog.text
    assert not Submission.objects.exists()


def test_the_database_keeps_results_whole(release: Release) -> None:
    found = measured(release, RIGHT)

    for fields in (
        {"result": None},
        {"ended_at": None},
        {"status": "refused"},
        {"status": "running", "ended_at": None, "result": None, "claim": None},
        {"miou": 1.5},
        {"name": ""},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Submission.objects.filter(pk=found.pk).update(**fields)


# -- the pages -------------------------------------------------------------------------------------


def test_from_the_form_to_the_result(public: Release, mia: User) -> None:
    client = client_of(mia)

    answer = send(client, public, WRONG, paper_url="https://example.org/paper")

    sent = Submission.objects.get()
    assert answer.url == reverse("benchmark:submission", args=(sent.pk,))
    assert "Waiting for a worker" in client.get(answer.url).text
    progress = client.get(reverse("benchmark:submission_progress", args=(sent.pk,))).json()
    assert (progress["is_over"], progress["done"]) == (False, 0)

    benchmark_tasks.compare_submission(sent.pk)

    assert (
        client.get(reverse("benchmark:submission_progress", args=(sent.pk,))).json()["is_over"]
        is True
    )
    page = Client().get(answer.url).text
    assert "0.5000" in page
    assert page.count("<rect class=") == 4 * 5
    assert "https://example.org/paper" in page
    leaderboard = Client().get(reverse("benchmark:leaderboard", args=(public.pk,))).text
    assert "Net" in leaderboard
    assert "mia" in leaderboard
    assert "0.3833" in leaderboard
    assert "Best so far: Net" in Client().get(reverse("benchmark:leaderboards")).text

    data = Client().get(reverse("benchmark:submission_data", args=(sent.pk,)))
    sent.refresh_from_db()
    assert json.loads(data.content)["evaluations"]["min3"]["confusion"] == confusion(sent)
    picture = Client().get(reverse("benchmark:submission_picture", args=(sent.pk,)) + "?gold=min1")
    assert picture["Content-Type"] == "image/svg+xml"
    assert "confusion-" in picture["Content-Disposition"]


def test_the_best_comes_first(public: Release, mia: User) -> None:
    worse = measured(public, WRONG, mia)
    better = measured(public, RIGHT, mia)
    measured(public, {}, mia)

    assert list(public.submissions.on_leaderboard()) == [better, worse]


def test_who_sees_a_leaderboard(release: Release, mia: User) -> None:
    found = measured(release, RIGHT, mia)
    admin, other = client_of(new_admin()), client_of(new_account("otto"))
    leaderboard, page = (
        reverse("benchmark:leaderboard", args=(release.pk,)),
        reverse("benchmark:submission", args=(found.pk,)),
    )

    for client, sees_leaderboard, sees_result in (
        (admin, True, True),
        (client_of(mia), False, True),
        (other, False, False),
        (Client(), False, False),
    ):
        assert client.get(leaderboard).status_code == (200 if sees_leaderboard else 403)
        assert client.get(page).status_code == (200 if sees_result else 404)
        statistics = client.get(reverse("statistics:release_statistics", args=(release.pk,)))
        assert statistics.status_code == (200 if sees_leaderboard else 403)
    assert send(other, release, RIGHT).status_code == 403

    answer = admin.post(
        reverse("benchmark:leaderboard_visibility", args=(release.pk,)), {"public": "yes"}
    )
    assert answer.status_code == 302
    assert Client().get(leaderboard).status_code == 200
    assert Client().get(page).status_code == 200
    assert (
        other.post(reverse("benchmark:leaderboard_visibility", args=(release.pk,))).status_code
        == 403
    )
    assert send(Client(), release, RIGHT).status_code == 403
    assert send(other, release, RIGHT).status_code == 302


def test_what_is_not_on_the_leaderboard_only_its_sender_sees(public: Release, mia: User) -> None:
    refused = measured(public, {"notes.txt": b"hello"}, mia)
    page = reverse("benchmark:submission", args=(refused.pk,))

    assert "notes.txt" in client_of(mia).get(page).text
    assert "3 problems were found" in client_of(mia).get(page).text
    assert Client().get(page).status_code == 404
    assert Client().get(reverse("benchmark:submission_data", args=(refused.pk,))).status_code == 404
    leaderboard = reverse("benchmark:leaderboard", args=(public.pk,))
    assert "Refused" in client_of(mia).get(leaderboard).text
    assert "Refused" not in Client().get(leaderboard).text


def test_what_the_form_refuses(public: Release, mia: User, settings: Any) -> None:
    client = client_of(mia)

    assert send(client, public, RIGHT, name="").status_code == 400
    assert send(client, public, RIGHT, code_url="javascript:alert(1)").status_code == 400
    assert send(client, public, RIGHT, code_url="ftp://example.org/x").status_code == 400
    settings.PREDICTIONS_UPLOAD_MAX_BYTES = 10
    answer = send(client, public, RIGHT)
    assert (answer.status_code, "larger than 10" in answer.text) == (400, True)
    settings.PREDICTIONS_UPLOAD_MAX_BYTES = -(2 << 20)
    assert send(client, public, RIGHT).status_code == 413
    assert not Submission.objects.exists()


def test_a_forged_form_is_refused(public: Release, mia: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(mia)

    assert send(client, public, RIGHT).status_code == 403
    assert not Submission.objects.exists()


def test_too_many_in_a_day(public: Release, mia: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PredictionsThrottle, "rate", "1/day", raising=False)

    assert send(client_of(mia), public, RIGHT).status_code == 302
    answer = send(client_of(mia), public, RIGHT)
    assert (answer.status_code, "tomorrow" in answer.text) == (429, True)
    assert send(client_of(new_account("otto")), public, RIGHT).status_code == 302


def test_only_admins_remove(public: Release, mia: User) -> None:
    found = measured(public, RIGHT, mia)
    url = reverse("benchmark:submission_remove", args=(found.pk,))

    assert client_of(mia).post(url).status_code == 403
    assert client_of(new_admin()).post(url).status_code == 302
    assert not Submission.objects.exists()


def test_a_sender_who_leaves_takes_no_result_along(public: Release, mia: User) -> None:
    found = measured(public, RIGHT, mia)

    mia.delete()

    found.refresh_from_db()
    assert found.created_by is None
    assert Client().get(reverse("benchmark:leaderboard", args=(public.pk,))).status_code == 200
