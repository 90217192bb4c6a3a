"""Fixtures and settings that all tests share. Fixtures that need a server say so in their first
line.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from ai4mars_site.serving.supervisor import celery_command, die_with_parent
from tests.chromium import FLAGS, NoChromium, chromium_path
from tests.served import REPOSITORY, ServedSite

WORKER_START_SECONDS = 30.0


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test; with CI=true fail instead, since everything must be available there."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason)
    pytest.skip(reason)


def pytest_configure(config: pytest.Config) -> None:
    """Keep messages inside this process, unless the tests have their own broker.

    Otherwise they would reach the embedded broker of a site that runs from the same folder.
    """
    if config.pluginmanager.hasplugin("django") and not os.environ.get("REDIS_URL"):
        from ai4mars_site.celery import app

        app.conf.broker_url = "memory://"


def uses_database(test: pytest.Item) -> bool:
    """Return whether a test runs on the database that the settings name."""
    fixtures = {"db", "transactional_db", "live_server"} & set(getattr(test, "fixturenames", ()))
    return bool(fixtures) or test.get_closest_marker("django_db") is not None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database-only",
        action="store_true",
        help="leave out tests that use neither database nor broker: they are the same on every one",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--database-only"):
        return
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for test in items:
        needs_servers = uses_database(test) or test.get_closest_marker("servers")
        (kept if needs_servers else left_out).append(test)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


# -- data ------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real rover data that AI4MARS_DATA names."""
    named = os.environ.get("AI4MARS_DATA")
    if not named:
        skip_or_fail("AI4MARS_DATA does not name the folder of real data")
    folder = Path(named)
    if not folder.is_dir():
        skip_or_fail(f"AI4MARS_DATA names {folder}, which is not a folder")
    return folder


@pytest.fixture(autouse=True)
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """Give tests with a database their own AI4MARS_HOME and MEDIA_ROOT."""
    if not uses_database(request.node):
        return None
    settings = request.getfixturevalue("settings")
    folder = tmp_path_factory.mktemp("home")
    (folder / "media").mkdir()
    (folder / "run").mkdir()
    settings.AI4MARS_HOME = folder
    settings.RUN_DIR = folder / "run"
    settings.MEDIA_ROOT = str(folder / "media")
    return folder


@pytest.fixture
def public(campaign: Any) -> None:
    """Make the test's campaign public, with an image that has all its labels."""
    from tests.factories import new_image

    new_image(campaign, 99, crowd_label_count=99)


# -- workers ---------------------------------------------------------------------------------------


class WorkerProcess:
    """A Celery worker in a separate process, on the test's database, broker and files."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the worker and wait until it accepts messages."""
        from ai4mars_site.celery import app

        self.process = subprocess.Popen(
            [*celery_command("worker"), "--concurrency", "1"],
            cwd=REPOSITORY,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGQUIT),
        )
        deadline = time.monotonic() + WORKER_START_SECONDS
        while not app.control.ping(timeout=0.2):
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail("The Celery worker did not start; its output is above.")

    def kill(self) -> None:
        """Kill the worker and its children, as a power failure would."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """Let the worker finish its task and stop it."""
        if self.process is None:
            return
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.kill()


@pytest.fixture
def worker(home: Path | None, request: pytest.FixtureRequest) -> Iterator[WorkerProcess]:
    """Return a running worker, for tests marked `servers` and `django_db(transaction=True)`."""
    import redis
    from django.conf import settings
    from django.db import connection

    if connection.vendor != "postgresql" or not settings.REDIS_URL:
        skip_or_fail("A worker needs PostgreSQL and a broker: run pytest with `-p tests.servers`")
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    name = connection.settings_dict["NAME"]
    server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    started = WorkerProcess(
        {**os.environ, "AI4MARS_HOME": str(home), "DATABASE_URL": f"{server}/{name}"}
    )
    started.start()
    yield started
    started.stop()


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """Return a function that repeats a call until its result is true, and returns the result."""

    def wait(ask: Callable[[], Any], seconds: float = 60.0) -> Any:
        deadline = time.monotonic() + seconds
        while not (answer := ask()):
            if time.monotonic() > deadline:
                pytest.fail(f"Still {answer!r} after {seconds:.0f} s.")
            time.sleep(0.05)
        return answer

    return wait


# -- the served site and the browser ---------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """Return the URL of a PostgreSQL server on which tests may create databases."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        return given
    from tests import servers

    return servers.start_postgres()


@pytest.fixture(scope="session")
def new_postgres_database(postgres_url: str) -> Callable[[], str]:
    """Return a function that creates an empty PostgreSQL database and returns its URL."""
    from tests import servers

    numbers = itertools.count(1)
    return lambda: servers.create_database(
        postgres_url, f"ai4mars_site_{os.getpid()}_{next(numbers)}"
    )


@pytest.fixture(scope="session")
def site_on(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], ServedSite]]:
    """Return a running site on "sqlite" or "postgres", started at its first use.

    It runs until the end of the session, because tests that alternate between the databases would
    otherwise spend most of their time starting sites.
    """
    sites: dict[str, ServedSite] = {}

    def site(database: str) -> ServedSite:
        if database not in sites:
            environment = {}
            if database == "postgres":
                environment["DATABASE_URL"] = request.getfixturevalue("new_postgres_database")()
            home = tmp_path_factory.mktemp(f"site-{database}")
            sites[database] = ServedSite(home, environment).start("--migrate")
        return sites[database]

    yield site
    for started in sites.values():
        started.stop()


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def served_site(request: pytest.FixtureRequest, site_on: Callable[[str], ServedSite]) -> ServedSite:
    """Return a running site, once on embedded SQLite and once on PostgreSQL, shared by the session.

    Fill it with `served_site.manage("create_demo")` or another command; do not use the database of
    the test process with it.
    """
    return site_on(request.param)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a Chromium: AI4MARS_CHROMIUM, or one on the PATH."""
    try:
        return chromium_path()
    except NoChromium as error:
        skip_or_fail(str(error))


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """Return a Playwright browser with an empty profile."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # a machine may be busy; what is right comes sooner
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def browser_page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Return a page of a new visitor.

    A script error, or a violation of the content security policy, fails the test.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en")
    page = context.new_page()
    page.set_default_timeout(60_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield page
    if (request.session.testsfailed or errors) and not page.is_closed():
        folder = REPOSITORY / "test-results"
        folder.mkdir(exist_ok=True)
        name = "".join(c if c.isalnum() else "-" for c in request.node.name)
        page.screenshot(path=folder / f"{name}.png")
    context.close()
    assert not errors, f"Errors in the page's scripts: {errors}"


# -- a bucket --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def s3_service() -> Iterator[str]:
    """Return the address of our S3-compatible test server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_service: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a client of a service with one empty bucket, "mars", set in the environment."""
    import boto3

    from labeling.images.ingest import buckets

    for name, value in {
        "AWS_ENDPOINT_URL": s3_service,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    buckets._client.cache_clear()
    client = boto3.session.Session().client("s3")
    client.create_bucket(Bucket="mars")
    yield client
    for entry in client.list_objects_v2(Bucket="mars").get("Contents", ()):
        client.delete_object(Bucket="mars", Key=entry["Key"])
    client.delete_bucket(Bucket="mars")
    client.close()
    buckets._client.cache_clear()
