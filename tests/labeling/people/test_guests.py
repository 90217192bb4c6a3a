"""People without an account: nothing is stored until their first save, then they are guests."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import signing
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework.throttling import UserRateThrottle

from labeling.annotation.saving import GuestThrottle
from labeling.annotation.services import offers
from labeling.annotation.services.offers import OFFER_AGE
from labeling.models import (
    Assignment,
    Campaign,
    Draft,
    Image,
    ImageReport,
    Label,
    Labeler,
    PracticeAttempt,
    ReferenceAnswer,
    Role,
)
from labeling.people.services import sweeping
from labeling.people.services.labelers import labeler_of_user, new_guest
from labeling.people.tasks import sweep_guests, sweep_sessions
from labeling.people.visitors import GUEST_KEY
from labeling.training.services import reference_answers
from tests.factories import (
    ACTOR,
    assign,
    box,
    draw,
    mask,
    new_account,
    new_campaign,
    new_image,
    submission,
)
from tests.labeling.annotation.test_api import LABELS, NEXT, refusal
from tests.visitors import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_is_throttled() -> None:
    cache.clear()


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def image(campaign: Campaign) -> Image:
    return new_image(campaign)


@pytest.fixture
def guest() -> Visitor:
    """Return the browser of a new visitor, with CSRF checks."""
    return Visitor(enforce_csrf_checks=True)


def open_page(browser: APIClient, url: str = "/c/navcam/draw/") -> dict[str, Any]:
    """Read the tutorial and open the drawing page; return its configuration."""
    browser.get("/c/navcam/tutorial/")
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
    answer = browser.post("/c/navcam/tutorial/seen/", form, format="multipart")
    assert answer.status_code == 302
    return dict(browser.get(url).context["annotate_config"])


def drawing(**fields: Any) -> dict[str, Any]:
    """Return a draft as the page sends it."""
    known = {"base": 0, "writer": "page", "stroke": 1, "format": 2, "steps": []}
    return {**known, "polygons": [box(0, 0, 0, 2, 1)], **fields}


def nobody_is_stored() -> bool:
    return not any(model.objects.exists() for model in (Labeler, Assignment, Draft, Label, Session))


# -- before anything is saved ----------------------------------------------------------------------


def test_looking_at_every_page_stores_nothing(image: Image, campaign: Campaign) -> None:
    reference_answers.set_answer(
        ACTOR, new_image(campaign), mask("2222", "0000"), ReferenceAnswer.Source.MASK, True
    )
    for _ in range(3):
        browser = Visitor()
        for url in (
            "/",
            "/c/navcam/tutorial/",
            "/c/navcam/guide/",
            "/drawings/",
            "/feedback/",
            "/results/",
            "/accounts/login/",
            "/accounts/signup/",
            "/api/session/",
        ):
            assert browser.get(url).status_code == 200, url
        open_page(browser)
        open_page(browser, "/c/navcam/practice/")
        assert browser.post(NEXT, {"ahead": 2}).json()["image"]["id"] == image.pk
        lesson = browser.post("/api/campaigns/navcam/practice/next/").json()
        assert lesson["role"] == "practice"

    assert nobody_is_stored()


def test_what_a_visitor_is_offered(campaign: Campaign) -> None:
    for _ in range(5):
        new_image(campaign)
    browser = Visitor()

    answer = browser.post(NEXT, {"ahead": 2}).json()

    tasks = [answer, *answer["ahead"]]
    assert set(answer) == {"assignment", "offer", "image", "role", "draft", "ahead", "labels_sent"}
    for task in tasks:
        assert (task["assignment"], task["role"], task["draft"]) == (None, "crowd", None)
        offer = offers.read(task["offer"])
        assert offer is not None
        assert (offer.campaign, offer.image, offer.role) == (
            campaign.pk,
            task["image"]["id"],
            "crowd",
        )
    ids = [task["image"]["id"] for task in tasks]
    assert len(set(ids)) == 3
    again = browser.post(NEXT, {"ahead": 2}).json()
    assert [again["image"]["id"], *(each["image"]["id"] for each in again["ahead"])] == ids
    after = browser.post(NEXT, {"pending": ids[:1], "ahead": 1}).json()
    assert [after["image"]["id"], after["ahead"][0]["image"]["id"]] == ids[1:]


def test_the_browser_remembers_the_tutorial_whatever_the_page_asks(image: Image) -> None:
    browser = Visitor()
    visit = open_page(browser)["labeler"]["visit"]

    for path, body in ((NEXT, {}), (LABELS, submission(image)), (NEXT, {})):
        assert browser.post(path, body, HTTP_X_VISIT=visit).status_code in (200, 201)
        assert browser.get("/c/navcam/draw/").status_code == 200


def test_any_client_can_send_the_cookie_back(image: Image, guest: Visitor) -> None:
    open_page(guest)

    cookie = guest.cookies["visit"]
    assert re.fullmatch(r"[\w:.-]+", cookie.value), "no other character is sent back by all"
    assert cookie.coded_value == cookie.value
    assert len(cookie.value) < 400


def test_visitors_begin_anywhere_in_the_pool(campaign: Campaign) -> None:
    places = (0.1, 0.4, 0.6, 0.9)
    images = {new_image(campaign, sort_key=place).pk for place in places}
    begun = {Visitor().post(NEXT).json()["image"]["id"] for _ in range(60)}
    assert begun == images


def test_full_images_are_offered_last(campaign: Campaign) -> None:
    full, wanted = new_image(campaign), new_image(campaign)
    for _ in range(campaign.target_labels):
        assign(full, new_guest())
    for _ in range(8):
        answer = Visitor().post(NEXT, {"ahead": 2}).json()
        assert [answer["image"]["id"], answer["ahead"][0]["image"]["id"]] == [wanted.pk, full.pk]


def test_asking_what_comes_next_costs_as_much_for_any_number_of_images(
    campaign: Campaign, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        new_image(campaign)
    browser = Visitor()
    with django_assert_max_num_queries(5):
        browser.post(NEXT, {"ahead": 2})


# -- the first save --------------------------------------------------------------------------------


def test_a_guest_draws_without_an_account(guest: Visitor, image: Image) -> None:
    page = open_page(guest)
    token = page["csrf_token"]

    answer = guest.post(NEXT, HTTP_X_CSRFTOKEN=token).json()
    response = guest.post(LABELS, submission(answer["image"]["id"]), HTTP_X_CSRFTOKEN=token)

    assert response.status_code == 201
    labeler = Labeler.objects.get()
    assert response["X-Labeler"] == str(labeler.pk)
    assert Label.objects.get().labeler == labeler
    assert Assignment.objects.get().status == "done"
    assert open_page(guest)["labeler"]["id"] == labeler.pk
    assert not Session.objects.exists(), "the browser's cookie is enough"


SAVES: dict[str, Any] = {
    "a draft": lambda browser, image: browser.put(f"/api/images/{image}/draft/", drawing()),
    "a label": lambda browser, image: browser.post(LABELS, submission(image)),
    "a skip": lambda browser, image: browser.post(f"/api/images/{image}/skip/"),
    "nothing to label": lambda browser, image: browser.post(f"/api/images/{image}/nothing/"),
    "a report": lambda browser, image: browser.post(
        f"/api/images/{image}/reports/", {"reason": "dark"}
    ),
}


@pytest.mark.parametrize("save", SAVES.values(), ids=SAVES.keys())
def test_whatever_is_saved_first_makes_the_guest(image: Image, save: Any) -> None:
    browser = Visitor()
    browser.post(NEXT)

    assert save(browser, image.pk).status_code in (200, 201, 204)

    assert Assignment.objects.get().labeler == Labeler.objects.get()


def test_an_attempt_makes_the_guest(campaign: Campaign) -> None:
    lesson = new_image(campaign)
    reference_answers.set_answer(
        ACTOR, lesson, mask("2222", "0000"), ReferenceAnswer.Source.MASK, True
    )
    browser = Visitor()
    browser.post("/api/campaigns/navcam/practice/next/")

    assert browser.post(LABELS, submission(lesson)).json()["answer_feedback"]["may_repeat"]

    assert PracticeAttempt.objects.get().labeler == Labeler.objects.get()
    assert Assignment.objects.get().role == Role.PRACTICE


@pytest.mark.parametrize(
    "refused",
    [
        lambda browser, image: browser.post(LABELS, submission(image, polygons="sand")),
        lambda browser, image: browser.post(
            LABELS, submission(image, polygons=[box(9, 0, 0, 2, 1)])
        ),
        lambda browser, image: browser.put(
            f"/api/images/{image}/draft/", drawing(polygons=[{"class": 999, "rings": []}])
        ),
        lambda browser, image: browser.post(f"/api/images/{image}/reports/", {"reason": "ugly"}),
    ],
)
def test_what_is_refused_leaves_no_guest_behind(image: Image, refused: Any) -> None:
    browser = Visitor()
    browser.post(NEXT)

    assert refused(browser, image.pk).status_code == 400

    assert nobody_is_stored()


def test_an_image_that_was_taken_out_leaves_no_guest_behind(image: Image) -> None:
    browser = Visitor()
    browser.post(NEXT)
    Image.objects.update(retired_at=timezone.now())

    assert refusal(browser.post(LABELS, submission(image)), 410) == "retired_image"

    assert nobody_is_stored()


def test_what_is_still_offered_becomes_the_guests(campaign: Campaign) -> None:
    for _ in range(4):
        new_image(campaign)
    browser = Visitor()
    offered = browser.post(NEXT, {"ahead": 2}).json()
    now, ahead = offered["image"]["id"], [each["image"]["id"] for each in offered["ahead"]]
    browser.post(LABELS, submission(now))

    tokens = [browser.offers[image] for image in ahead]
    answer = browser.post(NEXT, {"pending": [now], "ahead": 1, "offers": [*tokens, "x"]}).json()

    assert {answer["image"]["id"], answer["ahead"][0]["image"]["id"]} == set(ahead)
    assert (answer["offer"], answer["labels_sent"]) == (None, 1)
    assert Assignment.objects.open().count() == 2


def test_an_offer_is_good_for_whom_it_was_made(image: Image, campaign: Campaign) -> None:
    other = new_image(campaign)
    mine, thief = Visitor(), Visitor()
    mine.post(NEXT, {"ahead": 1})
    thief.post(NEXT, {"ahead": 1})
    thief.offers = mine.offers

    assert refusal(thief.post(LABELS, submission(image)), 403) == "unknown_labeler"
    mine.offers[image.pk] = mine.offers[other.pk]
    assert refusal(mine.post(LABELS, submission(image)), 403) == "unknown_labeler"
    mine.offers[image.pk] += "x"
    assert refusal(mine.post(LABELS, submission(image)), 403) == "unknown_labeler"

    assert nobody_is_stored()
    # A guest by now, to whom that image still was not given.
    assert mine.post(LABELS, submission(other)).status_code == 201
    assert refusal(mine.post(LABELS, submission(image)), 403) == "not_assigned"


def test_an_offer_ends_and_an_assignment_does_not(
    image: Image, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, kept = Visitor(), Visitor()
    late.post(NEXT)
    kept.post(NEXT)
    kept.put(f"/api/images/{image.pk}/draft/", drawing())
    later = signing.time.time() + OFFER_AGE.total_seconds() + 60
    monkeypatch.setattr(signing.time, "time", lambda: later)

    assert refusal(late.post(LABELS, submission(image)), 403) == "offer_expired"
    assert kept.post(LABELS, submission(image)).status_code == 201


@pytest.mark.parametrize("url", [NEXT, LABELS, "/api/assignments/1/skip/", "/api/images/1/skip/"])
def test_a_guest_without_the_token_is_refused(guest: Visitor, image: Image, url: str) -> None:
    open_page(guest)

    assert refusal(guest.post(url, submission(image)), 403) == "permission_denied"
    assert nobody_is_stored()


def test_a_label_of_nobody_we_know(guest: Visitor, image: Image) -> None:
    guest.get("/c/navcam/tutorial/")
    token = guest.cookies["csrftoken"].value

    response = guest.post(LABELS, submission(image), HTTP_X_CSRFTOKEN=token)

    assert refusal(response, 403) == "unknown_labeler"
    assert nobody_is_stored()


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_first_saves_at_once_make_one_guest(image: Image) -> None:
    """On PostgreSQL: a draft, a label and a report of a newly opened page at the same time."""
    from django.db import connections

    browser = Visitor()
    browser.post(NEXT)
    together = threading.Barrier(6)

    def save(number: int) -> int:
        page = Visitor()
        page.cookies, page.offers = browser.cookies, browser.offers
        try:
            together.wait(20)
            return int(SAVES["a report" if number % 2 else "a draft"](page, image.pk).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        codes = sorted(pool.map(save, range(6)))

    assert set(codes) <= {200, 201, 409}, "a draft may be older than the one kept"
    assert Labeler.objects.count() == Assignment.objects.count() == Draft.objects.count() == 1
    assert ImageReport.objects.count() == 1


# -- who a page speaks for -------------------------------------------------------------------------


def test_a_page_goes_on_as_the_same_guest_without_its_cookies(image: Image) -> None:
    browser = Visitor(enforce_csrf_checks=True)
    page = open_page(browser)
    visit = {"HTTP_X_VISIT": page["labeler"]["visit"]}
    browser.post(NEXT, HTTP_X_CSRFTOKEN=page["csrf_token"], **visit)
    url = f"/api/images/{image.pk}/draft/"
    saved = browser.put(url, drawing(), HTTP_X_CSRFTOKEN=page["csrf_token"], **visit)
    labeler = saved["X-Labeler"]
    browser.cookies.clear()

    lost = browser.get("/api/session/", **visit).json()

    assert lost["labeler"] == int(labeler)
    sent = browser.post(
        LABELS,
        submission(image),
        HTTP_X_CSRFTOKEN=lost["csrf_token"],
        HTTP_X_LABELER=labeler,
        **visit,
    )
    assert sent.status_code == 201
    assert Labeler.objects.count() == 1
    assert open_page(browser)["labeler"]["id"] == int(labeler), "the cookie is back"


def test_another_tab_of_a_visitor_is_the_same_guest(campaign: Campaign) -> None:
    images = [new_image(campaign) for _ in range(3)]
    browser = Visitor()
    pages = [open_page(browser)["labeler"]["visit"] for _ in "ab"]
    for visit, image in zip(pages, images, strict=False):
        browser.post(NEXT, {"ahead": 2}, HTTP_X_VISIT=visit)
        sent = browser.post(LABELS, submission(image), HTTP_X_VISIT=visit)
        assert sent.status_code == 201
    assert Label.objects.filter(labeler=Labeler.objects.get()).count() == 2

    # Opened at the very same moment, before the browser had the cookie.
    stray = Visitor().post(NEXT, {"ahead": 2})
    offer = stray.json()["offer"]
    key = signing.loads(offer, salt="labeling.offer")["guest"]
    visit = signing.dumps(key, salt="labeling.visit")
    image_id = stray.json()["image"]["id"]
    url = f"/api/images/{image_id}/reports/"
    said = browser.post(url, {"reason": "dark"}, HTTP_X_VISIT=visit, HTTP_X_OFFER=offer)
    assert said.status_code == 201
    assert Labeler.objects.count() == 1


def test_a_visitors_page_is_not_the_account_that_signs_in_beside_it(image: Image) -> None:
    browser = Visitor()
    visit = open_page(browser)["labeler"]["visit"]
    browser.post(NEXT, HTTP_X_VISIT=visit)
    browser.force_login(new_account("vera"))

    sent = browser.post(LABELS, submission(image), HTTP_X_VISIT=visit)

    assert refusal(sent, 403) == "other_labeler"
    assert not Label.objects.exists()
    # The account's own page goes on.
    page = open_page(browser)["labeler"]
    assert (page["is_guest"], page["visit"], page["device_name"]) == (False, None, None)
    assert browser.post(NEXT, HTTP_X_LABELER=str(page["id"])).status_code == 200


def test_signing_in_keeps_the_guests_labels(image: Image) -> None:
    browser = Visitor()
    given = browser.post(NEXT).json()
    browser.post(LABELS, submission(given["image"]["id"]))
    guest = Labeler.objects.get()

    user = new_account("sven")
    user.set_password("a password of Sven")
    user.save()
    login = {"login": "sven", "password": "a password of Sven"}
    assert browser.post("/accounts/login/", login, format="multipart").status_code == 302
    answer = browser.post(NEXT, HTTP_X_LABELER=str(guest.pk)).json()

    assert answer["labels_sent"] == 1
    guest.refresh_from_db()
    assert (guest.user, guest.guest_key) == (user, None)
    browser.logout()
    assert browser.get("/api/session/").json()["labeler"] is None


def test_an_account_with_labels_does_not_take_a_guests(image: Image) -> None:
    browser, account = Visitor(), labeler_of_user(new_account("vera"))
    browser.post(NEXT)
    browser.post(LABELS, submission(image))

    browser.force_login(account.user)

    assert browser.get("/api/session/").json()["labeler"] == account.pk
    assert Label.objects.get().labeler != account


# -- pages that were opened before ----------------------------------------------------------------


def old_page(browser: APIClient) -> tuple[Labeler, dict[str, str]]:
    """Return a guest of an earlier version, known by a session, and the page's headers."""
    labeler = new_guest()
    session = browser.session
    session[GUEST_KEY] = str(labeler.guest_key)
    session["tutorials_seen"] = ["navcam"]
    session.save()
    browser.cookies["sessionid"] = session.session_key
    return labeler, {"HTTP_X_LABELER": str(labeler.pk)}


def test_a_page_that_was_opened_before_goes_on(image: Image) -> None:
    browser = APIClient()
    labeler, headers = old_page(browser)

    given = browser.post(NEXT, {"pending": [], "ahead": 2}, **headers).json()
    assert given["assignment"] == Assignment.objects.get(labeler=labeler).pk
    saved = browser.put(f"/api/images/{image.pk}/draft/", drawing(), **headers)
    assert saved.status_code == 200
    assert browser.post(LABELS, submission(image), **headers).status_code == 201
    assert (
        browser.post(f"/api/assignments/{given['assignment']}/skip/", **headers).status_code == 204
    )

    # A new page is the same guest's, who keeps what is on the device under the number.
    page = browser.get("/c/navcam/draw/").context["annotate_config"]["labeler"]
    assert page["id"] == labeler.pk
    assert Labeler.objects.get() == labeler


def test_a_page_that_was_opened_before_gets_its_lost_session_back(image: Image) -> None:
    browser = APIClient(enforce_csrf_checks=True)
    labeler = new_guest()
    token = signing.dumps(labeler.pk, salt="labeling.guest")
    lost = browser.get("/api/session/").json()
    assert lost["labeler"] is None

    back = browser.post(
        "/api/session/", {"guest_token": token}, HTTP_X_CSRFTOKEN=lost["csrf_token"]
    ).json()

    assert back["labeler"] == labeler.pk
    answer = browser.post(NEXT, HTTP_X_CSRFTOKEN=back["csrf_token"], HTTP_X_LABELER=str(labeler.pk))
    assert answer.status_code == 200
    assert Labeler.objects.count() == 1


def test_a_guest_token_opens_no_account_and_takes_nobodys_place(image: Image) -> None:
    guest, vera = new_guest(), labeler_of_user(new_account("vera"))
    token = {"guest_token": signing.dumps(guest.pk, salt="labeling.guest")}
    account, stranger = APIClient(), APIClient()
    account.force_login(vera.user)

    assert account.post("/api/session/", token).json()["labeler"] == vera.pk, "known already"
    assert stranger.post("/api/session/", {"guest_token": "x:y:z"}).json()["labeler"] is None
    assert refusal(stranger.post("/api/session/", {}), 400) == "invalid"
    # The guest has become an account: from now on its password counts.
    guest.user, guest.guest_key = new_account("gina"), None
    guest.save()
    assert stranger.post("/api/session/", token).json()["labeler"] is None


# -- what is left behind ---------------------------------------------------------------------------


def test_guests_with_nothing_are_swept(campaign: Campaign) -> None:
    image = new_image(campaign)

    def guest_with(make: Any = None, **fields: Any) -> Labeler:
        labeler = new_guest()
        if make is not None:
            make(labeler)
        Labeler.objects.filter(pk=labeler.pk).update(created_at=long_ago, **fields)
        return labeler

    def report(labeler: Labeler) -> None:
        ImageReport.objects.create(image=image, labeler=labeler, kind="wrong", reason="dark")

    def draft(labeler: Labeler) -> None:
        Draft.objects.create(image=image, labeler=labeler, writer="page", format=2)

    def attempt(labeler: Labeler) -> None:
        PracticeAttempt.objects.create(
            image=image, labeler=labeler, polygons=[], iou={}, score=0, passed=False
        )

    def looked_at(labeler: Labeler) -> None:
        Assignment.objects.create(image=image, labeler=labeler, served_at=long_ago)

    long_ago = timezone.now() - sweeping.GUEST_LIFE - timedelta(hours=1)
    kept = {
        guest_with(lambda labeler: draw(image, "00..", "....", labeler=labeler)),
        guest_with(report),
        guest_with(draft),
        guest_with(attempt),
        guest_with(lambda labeler: assign(image, labeler)),
        guest_with(erased_at=timezone.now()),
        new_guest(),
        labeler_of_user(new_account("vera")),
    }
    for make in (None, looked_at):
        guest_with(make)

    sweep_guests()

    assert set(Labeler.objects.all()) == kept
    assert Assignment.objects.count() == 1


def test_a_guest_who_was_swept_comes_back(image: Image) -> None:
    browser = Visitor()
    browser.post(NEXT)
    browser.post(f"/api/images/{image.pk}/skip/")
    Labeler.objects.all().delete()

    assert browser.post(NEXT).json()["offer"]
    assert browser.post(LABELS, submission(image)).status_code == 201


def test_expired_sessions_are_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "SWEEP_BATCH", 2)
    now = timezone.now()
    for number, hours in enumerate((-1, -2, -3, -4, -5, 1)):
        Session.objects.create(
            session_key=f"key{number}", session_data="", expire_date=now + timedelta(hours=hours)
        )

    sweep_sessions()

    assert list(Session.objects.values_list("session_key", flat=True)) == ["key5"]


def test_the_sweeps_are_scheduled(settings: Any) -> None:
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {
        sweep_guests.name,
        sweep_sessions.name,
        "labeling.annotation.tasks.sweep_drafts",
    } <= tasks


# -- throttling ------------------------------------------------------------------------------------


def test_a_fast_labeler_is_not_throttled(campaign: Campaign) -> None:
    browser = Visitor()
    for _ in range(20):
        new_image(campaign)

    for _ in range(20):
        given = browser.post(NEXT).json()
        assert browser.post(LABELS, submission(given["image"]["id"])).status_code == 201

    assert browser.post(NEXT).json()["labels_sent"] == 20


@pytest.mark.usefixtures("public")
def test_a_flood_is_told_when_to_come_back(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = APIClient()
    client.force_login(new_account("vera"))
    monkeypatch.setattr(UserRateThrottle, "rate", "2/min", raising=False)

    answers = [client.post(NEXT) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert refusal(answers[-1], 429) == "throttled"
    assert int(answers[-1]["Retry-After"]) > 0


def test_so_many_new_guests_come_from_one_address(
    image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GuestThrottle, "rate", "2/hour", raising=False)
    first, second, third = Visitor(), Visitor(), Visitor()
    elsewhere = Visitor(REMOTE_ADDR="10.0.0.9")
    for browser in (first, second, third, elsewhere):
        browser.post(NEXT)
    url = f"/api/images/{image.pk}/draft/"
    assert [browser.put(url, drawing()).status_code for browser in (first, second)] == [200, 200]

    refused = third.put(url, drawing())

    assert refusal(refused, 429) == "throttled"
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert "saved on this device" in refused.json()["detail"]
    assert Labeler.objects.count() == 2
    assert first.put(url, drawing(base=1, stroke=2)).status_code == 200, "known already"
    assert elsewhere.put(url, drawing()).status_code == 200
