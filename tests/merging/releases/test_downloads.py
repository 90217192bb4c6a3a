"""Downloads of archives: ranges join to the same bytes, and each download is counted once."""

from __future__ import annotations

from typing import Any
from wsgiref.util import FileWrapper

import pytest
from django.core.files.base import ContentFile
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory
from django.utils import timezone

from merging.models import Release
from merging.releases import downloads
from tests.factories import new_admin, new_campaign, new_expert

pytestmark = pytest.mark.django_db

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def release() -> Release:
    return Release.objects.create(
        campaign=new_campaign("navcam"),
        version="0.1",
        status=Release.Status.COMPLETE,
        completed_at=timezone.now(),
        sums_sha256="0" * 64,
        archive=ContentFile(CONTENT, "ai4mars-dataset-merged-0.1.zip"),
    )


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(new_admin())
    return client


def take(client: Client, release: Release, **headers: str) -> Any:
    return client.get(f"/releases/{release.pk}/download/", headers=headers)


def body(response: HttpResponseBase) -> bytes:
    return b"".join(response)  # type: ignore[call-overload, no-any-return]


def test_the_whole_archive(admin: Client, release: Release) -> None:
    response = take(admin, release)

    assert (response.status_code, body(response)) == (200, CONTENT)
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Length"] == str(len(CONTENT))
    assert response["Content-Type"] == "application/zip"
    assert "attachment" in response["Content-Disposition"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-100", 100, 100),
        ("bytes=10000-", 10000, 10239),
        ("bytes=-40", 10200, 10239),
        ("bytes=-99999", 0, 10239),
        ("bytes=10200-99999", 10200, 10239),
    ],
)
def test_a_range(admin: Client, release: Release, asked: str, first: int, last: int) -> None:
    response = take(admin, release, Range=asked)

    assert (response.status_code, body(response)) == (206, CONTENT[first : last + 1])
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"
    assert response["Content-Length"] == str(last + 1 - first)


def test_two_ranges_join_to_the_same_bytes_and_are_one_download(
    admin: Client, release: Release
) -> None:
    start = take(admin, release, Range="bytes=0-4999")
    rest = take(admin, release, Range="bytes=5000-", **{"If-Range": start["ETag"]})

    assert body(start) + body(rest) == CONTENT
    assert downloads.download_count(release) == 1


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=-0", "bytes=20000-30000"])
def test_a_range_behind_the_end(admin: Client, release: Release, asked: str) -> None:
    response = take(admin, release, Range=asked)

    assert (response.status_code, response["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")
    assert downloads.download_count(release) == 0


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,4-5", "bytes=9-3", "bytes=-", "lines=1-2", "bytes=x-"]
)
def test_what_is_no_single_range_gets_the_whole(
    admin: Client, release: Release, asked: str
) -> None:
    response = take(admin, release, Range=asked)

    assert (response.status_code, body(response)) == (200, CONTENT)


def test_a_range_of_another_file_gets_the_whole(admin: Client, release: Release) -> None:
    response = take(admin, release, Range="bytes=5000-", **{"If-Range": '"another"'})

    assert (response.status_code, body(response)) == (200, CONTENT)
    assert downloads.download_count(release) == 1


def test_head_says_how_large_it_is_and_counts_nothing(admin: Client, release: Release) -> None:
    response = admin.head(f"/releases/{release.pk}/download/")

    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(len(CONTENT))
    whole = take(admin, release)
    assert (whole["ETag"], body(whole)) == (response["ETag"], CONTENT)
    assert downloads.download_count(release) == 1


def test_downloads_add_up(admin: Client, release: Release) -> None:
    assert downloads.download_count(release) == 0
    for _ in range(3):
        body(take(admin, release))

    assert downloads.download_count(release) == 3
    assert [day.count for day in release.downloads.all()] == [3]


def test_only_admins_may(release: Release) -> None:
    volunteer = Client()
    volunteer.force_login(new_expert().user)

    assert take(volunteer, release).status_code == 403
    assert take(Client(), release).status_code == 302
    assert downloads.download_count(release) == 0


def test_a_web_server_may_send_the_file_itself(release: Release) -> None:
    """If the server supports it (PEP 3333): Waitress does, Django's test client does not."""
    response: Any = downloads.answer(
        RequestFactory().get("/", headers={"Range": "bytes=100-299"}), release
    )
    stream = response.file_to_stream

    # What Django's WSGIHandler does with it.
    stream.close = response.close

    assert b"".join(FileWrapper(stream)) == CONTENT[100:300]
    # What waitress does before it sends a file without a thread.
    assert stream.seekable()
    assert (stream.seek(0, 2), stream.seek(-10, 1), stream.read()) == (200, 190, CONTENT[290:300])
    assert (stream.seek(0), stream.read(5), stream.tell()) == (0, CONTENT[100:105], 5)
    stream.close()
    assert stream.file.closed
