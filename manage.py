#!/usr/bin/env python
"""Django's command line for AI4Mars. `python manage.py help` lists the commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ai4mars_site.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(
            "Django is not installed in this Python. Run `make setup` once, then use "
            ".venv/bin/python manage.py."
        ) from error
    if sys.argv[1:] in (["version"], ["--version"]):
        # Django answers these two itself, with its own version.
        from ai4mars_site.version import describe

        print(describe())
    else:
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
