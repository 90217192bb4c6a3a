"""`manage.py` commands that start at once: each is a fork of a process that has loaded Django.

Documents show dozens of commands, and loading Django for each would take most of the test's time.
`python -m tests.docs.quick_manage SOCKET` listens; `CLIENT` is a program that replaces `python` and
passes on its arguments, folder, environment and streams.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
from typing import NoReturn

#: What `.venv/bin/python` is while the documents' commands run: `manage.py` goes to the server,
#: anything else to the Python that runs the tests.
CLIENT = """#!{python} -IS
import json, os, socket, sys
arguments = sys.argv[1:]
settings = json.loads({settings!r})
changed = {{name for name in settings if os.environ.get(name) != settings[name]}}
if arguments[:1] != ["manage.py"] or changed:
    os.execv({python!r}, [{python!r}, *arguments])
server = socket.socket(socket.AF_UNIX)
server.connect({socket!r})
message = json.dumps([arguments, os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(server, [len(message).to_bytes(8, "big")], [0, 1, 2])
server.sendall(message)
sys.exit(int(server.recv(8) or b"70"))
"""
#: Variables that are read when Django is loaded: a command that sets one cannot be a copy.
SETTINGS = ("AI4MARS_ENV", "AI4MARS_HOME", "DATABASE_URL", "REDIS_URL", "CACHE_URL")
STARTED = "ready"


def main(path: str) -> NoReturn:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ai4mars_site.settings")
    import django
    from django.core.management import get_commands, load_command_class

    django.setup()
    for name, app in get_commands().items():
        if isinstance(app, str) and not app.startswith(("django.", "allauth")):
            load_command_class(app, name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print(STARTED, flush=True)
        while True:
            client, _ = listener.accept()
            length, streams, _, _ = socket.recv_fds(client, 8, 3)
            if os.fork() == 0:
                run(client, int.from_bytes(length, "big"), streams)
            for stream in streams:
                os.close(stream)
            client.close()


def run(client: socket.socket, length: int, streams: list[int]) -> NoReturn:
    """In the fork: run one command on the client's streams, and report its exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    message = b""
    while len(message) < length:
        message += client.recv(length - len(message))
    arguments, folder, environment = json.loads(message)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    status = execute(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    client.sendall(str(status).encode())
    os._exit(status)


def execute(arguments: list[str]) -> int:
    import manage

    sys.argv = arguments
    try:
        manage.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


if __name__ == "__main__":
    assert threading.active_count() == 1, "a copy has no other threads"
    main(sys.argv[1])
