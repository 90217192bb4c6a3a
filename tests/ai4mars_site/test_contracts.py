"""The import contracts cover every subject."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.served import REPOSITORY

#: What an app keeps at its root, which is no subject.
NO_SUBJECTS = {"management", "migrations", "templatetags"}


def image_layers(app: str) -> set[str]:
    """Return the subjects in the contract on the order of an app's subjects."""
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    found = [
        contract["layers"]
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract.get("containers") == [app]
    ]
    assert len(found) == 1, f"one contract has the order of the subjects of {app}"
    return {name for layer in found[0] for name in re.split(r"[ :|]+", layer)}


@pytest.mark.parametrize("app", ["labeling", "review", "merging"])
def test_each_subject_has_a_place_in_the_order(app: str) -> None:
    packages = {path.parent.name for path in (REPOSITORY / app).glob("*/__init__.py")}

    assert packages - NO_SUBJECTS == image_layers(app)
