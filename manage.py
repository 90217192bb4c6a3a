#!/usr/bin/env python
"""Django's command line for AI4Mars. `python manage.py help` lists the commands."""

import gc
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ai4mars_site.settings")
    try:
        from django.core.management import BaseCommand, ManagementUtility
    except ImportError as error:
        raise SystemExit(
            "Django is not installed in this Python. Run `make setup` once, then use "
            ".venv/bin/python manage.py."
        ) from error

    class Commands(ManagementUtility):
        """Django's command line, without garbage collection of what all commands load.

        To look through it while it is loaded, and again at the end, takes a third of the time of a
        command that does nothing.
        """

        def fetch_command(self, subcommand: str) -> BaseCommand:
            """Return a command; all apps have been loaded by now."""
            gc.freeze()
            gc.enable()
            return super().fetch_command(subcommand)

    if sys.argv[1:] in (["version"], ["--version"]):
        # Django answers these two itself, with its own version.
        from ai4mars_site.version import describe

        print(describe())
    else:
        gc.disable()
        Commands(sys.argv).execute()


if __name__ == "__main__":
    main()
