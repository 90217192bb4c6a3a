"""A small demo site and a copy of the project's folder, in which commands of documents are run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import numpy as np
from PIL import Image as Pillow

from ai4mars_site.serving.supervisor import die_with_parent
from tests.docs import quick_manage
from tests.served import REPOSITORY

#: The eighth scene is the first that is gold.
SCENES, SIZE = 8, 96
#: What documents call the address of a site.
ADDRESS = "http://127.0.0.1:8000"
#: Somebody who is erased.
NEW_ACCOUNT = (
    'from django.contrib.auth.models import User; User.objects.get_or_create(username="ada")'
)
START_SECONDS = 60.0
COMMAND_SECONDS = 60.0


class CommandFailed(AssertionError):
    """A command of a document failed; the message is its output."""


class DemoSite:
    """A demo campaign, a running site, and the input files of the documents' commands.

    project: a folder with links to everything in the project, and with these files: a release
    (`ai4mars-dataset-merged-0.1`), predictions, masks of experts, reference answers, images, and
    tables of terrain classes.
    """

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.project = folder / "project"
        self.home.mkdir()
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in quick_manage.SETTINGS and not name.startswith(("PYTEST_", "AI4MARS_"))
        } | {"AI4MARS_HOME": str(self.home)}
        self.processes: list[subprocess.Popen[str]] = []
        self.address = ""
        self._start_manage(folder / "manage.socket")
        self._link_project(folder / "manage.socket")

    def start(self) -> None:
        """Create the demo and the files, and start the site."""
        self.run(f"manage.py create_demo --scenes {SCENES} --size {SIZE}")
        self.run("manage.py build_release --campaign demo --version 0.1 --out .")
        self.run(f"manage.py shell --command '{NEW_ACCOUNT}'")
        write_inputs(self.project)
        (self.project / "var").symlink_to(self.home)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._start_process(
            [
                str(self.project / ".venv/bin/python"),
                *("manage.py", "runserver", str(port), "--noreload", "--insecure"),
            ]
        )
        self.address = f"http://127.0.0.1:{port}"
        wait_until_answered(f"{self.address}/healthz")

    def stop(self) -> None:
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
        for process in self.processes:
            process.communicate()

    @property
    def password(self) -> str:
        """Return the password of the demo's accounts."""
        return (self.home / "demo_logins.txt").read_text().splitlines()[1].split()[1]

    def run(self, line: str, folder: Path | None = None) -> str:
        """Run a shell line in the project's folder; return its output. Raises CommandFailed."""
        if line.startswith("manage.py "):
            line = f".venv/bin/python {line}"
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", line],
            cwd=folder or self.project,
            env=self.environment | (bucket_environment() if "s3://" in line else {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_SECONDS,
        )
        said = done.stdout.decode(errors="replace")
        if done.returncode:
            raise CommandFailed(f"{line}\nended with {done.returncode}:\n{said[-4000:]}")
        return said

    def _start_process(self, command: list[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            cwd=self.project if self.project.exists() else REPOSITORY,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        self.processes.append(process)
        return process

    def _start_manage(self, path: Path) -> None:
        server = self._start_process([sys.executable, "-m", quick_manage.__name__, str(path)])
        assert server.stdout is not None
        if server.stdout.readline().strip() != quick_manage.STARTED:
            self.stop()
            raise CommandFailed("Django could not be loaded; its output is above.")

    def _link_project(self, path: Path) -> None:
        self.project.mkdir()
        for each in REPOSITORY.iterdir():
            if each.name not in {".venv", ".git", "docs", "var"}:
                (self.project / each.name).symlink_to(each)
        shutil.copytree(REPOSITORY / "docs", self.project / "docs")  # some commands write there
        python = self.project / ".venv/bin/python"
        python.parent.mkdir(parents=True)
        settings = {name: self.environment.get(name) for name in quick_manage.SETTINGS}
        python.write_text(
            quick_manage.CLIENT.format(
                python=sys.executable, settings=json.dumps(settings), socket=str(path)
            )
        )
        python.chmod(0o755)


def bucket_environment() -> dict[str, str]:
    """Return the environment variables that the fixture `s3` has set."""
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


def wait_until_answered(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urlopen(url):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def write_inputs(project: Path) -> None:
    """Write the input files of the documents' commands, from the project's release."""
    release = project / "ai4mars-dataset-merged-0.1" / "msl"
    frames = sorted((release / "images" / "edr").iterdir())
    gold = sorted((release / "labels/test/masked-gold-min1-100agree").iterdir())
    train = sorted((release / "labels/train").iterdir())
    for mask in gold:
        with Pillow.open(mask) as picture:
            codes = np.array(picture)
        codes[codes == 255] = 0
        for folder in ("my-predictions", f"predictions/{release.parent.name}", "experts/ann"):
            target = project / folder / mask.name.replace("_merged", "")
            target.parent.mkdir(parents=True, exist_ok=True)
            Pillow.fromarray(codes).save(target)
    answers = project / "answers"
    answers.mkdir()
    shutil.copy(train[0], answers)
    pictures = project / "pictures"
    pictures.mkdir()
    for frame in frames[:2]:
        shutil.copy(frame, pictures / f"lab-{frame.name}")
    (project / "ranges.csv").write_text(
        "site_from,drive_from,site_to,drive_to,class\n0,0,999,9999,Smooth\n"
    )
