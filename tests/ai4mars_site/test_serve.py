"""`manage.py serve`: one command starts the site, and Ctrl-C leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ai4mars_site.serving import embedded
from tests.served import ServedSite, SiteDidNotStart

CREATE_USER = "from django.contrib.auth import get_user_model as m; m().objects.create_user('ada')"
COUNT_USERS = "from django.contrib.auth import get_user_model as m; print(m().objects.count())"


pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSite]:
    # Deep enough that the broker's socket would have a longer path than a socket may have.
    deep = tmp_path_factory.mktemp("serve").joinpath(*["a-rather-long-name-of-a-folder"] * 5)
    site = ServedSite(deep)
    yield site
    site.stop()
    embedded.remove_socket(deep)  # a supervisor that was killed could not


@pytest.fixture
def site(shared_site: ServedSite) -> ServedSite:
    """Return a running site, shared by many tests."""
    if shared_site.process is None or shared_site.process.poll() is not None:
        shared_site.start()
    return shared_site


def status_of(url: str) -> int:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return int(answer.status)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A dead process that its new parent has not looked at yet still takes signals.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def group_members(leaders: list[int]) -> set[int]:
    """Return the processes in the process groups of these leaders."""
    listed = subprocess.run(["ps", "-eo", "pid=,pgid="], capture_output=True, text=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    return {pid for pid, group in pairs if group in leaders and is_alive(pid)}


def test_a_second_site_on_the_same_folder_is_refused(site: ServedSite) -> None:
    second = ServedSite(site.home)
    with pytest.raises(subprocess.CalledProcessError) as caught:
        subprocess.run(
            second._command("serve", "--port", "0"),
            env=second.environment,
            capture_output=True,
            text=True,
            check=True,
        )

    assert "already runs" in caught.value.stderr
    assert "Traceback" not in caught.value.stderr
    assert status_of(site.url) == 200


def test_what_dies_is_started_again(
    site: ServedSite, eventually: Callable[[Callable[[], bool]], bool]
) -> None:
    before = site.pids
    for name in ("worker", "web-1"):
        os.kill(before[name], signal.SIGKILL)

    eventually(
        lambda: all(site.pids.get(name) not in {None, before[name]} for name in ("worker", "web-1"))
    )

    assert status_of(site.url) == 200
    assert site.pids["broker"] == before["broker"]


def test_a_site_that_stops_leaves_no_process_and_keeps_its_data(site: ServedSite) -> None:
    assert status_of(site.url) == 200
    assert set(site.pids) == {"serve", "broker", "web-1", "web-2", "worker", "beat"}
    children = [pid for name, pid in site.pids.items() if name != "serve"]
    site.manage("shell", "-v", "0", "-c", CREATE_USER)
    said_before = len(site.log)  # a child of a process killed by another test may complain there

    assert site.stop() == 0

    assert group_members(children) == set()
    assert "Traceback" not in site.log[said_before:]
    assert not (site.home / "run" / "serve.json").exists()

    site.start()
    assert status_of(site.url) == 200
    assert site.manage("shell", "-v", "0", "-c", COUNT_USERS).strip() == "1"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="PR_SET_PDEATHSIG is Linux's")
def test_a_supervisor_that_is_killed_takes_its_children_along(
    site: ServedSite, eventually: Callable[[Callable[[], bool]], bool]
) -> None:
    children = [pid for name, pid in site.pids.items() if name != "serve"]

    site.stop(signal.SIGKILL)

    eventually(lambda: group_members(children) == set())


def test_a_port_in_use_is_told_in_a_sentence(tmp_path: Path) -> None:
    site = ServedSite(tmp_path / "home")
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(SiteDidNotStart, match="Choose another port"),
    ):
        site.start("--port", str(taken.getsockname()[1]))

    assert "Traceback" not in site.log


def test_postgres_that_is_not_up_to_date_is_told_in_a_sentence(
    tmp_path: Path, new_postgres_database: Callable[[], str]
) -> None:
    site = ServedSite(tmp_path / "home", {"DATABASE_URL": new_postgres_database()})
    with pytest.raises(SiteDidNotStart, match="not up to date"):
        site.start()

    site.start("--migrate")
    assert status_of(site.url) == 200
    site.stop()
