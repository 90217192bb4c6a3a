"""The library can be used without the site, as its documentation says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import terrain

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(terrain.__path__, prefix="terrain.")
)

IMPORT_ALL = f"""
import importlib, sys
for name in {MODULES!r}:
    importlib.import_module(name)
print(*sorted({{name.partition(".")[0] for name in sys.modules}} & {{"django", "celery", "PIL"}}))
"""


def test_every_module_is_imported_without_the_site() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_modules_say_what_they_are_for() -> None:
    silent = [name for name in MODULES if not importlib.import_module(name).__doc__]
    assert silent == []


@pytest.mark.parametrize("name", ["terrain", *MODULES])
def test_examples_do_what_they_show(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_module_has_an_example() -> None:
    modules = [importlib.import_module(name) for name in MODULES]
    silent = [
        module.__name__
        for module in modules
        # A package has no functions of its own.
        if not hasattr(module, "__path__") and not doctest.testmod(module).attempted
    ]
    assert silent == []
