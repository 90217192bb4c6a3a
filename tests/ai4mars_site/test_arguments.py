"""Arguments of the command line: every invalid value gives a clear message."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command, get_commands, load_command_class

from ai4mars_site.toolkit.arguments import day, filled, finite, place, port, positive, whole

OURS = {app.name for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR}


def typed_arguments() -> list[Any]:
    """Return every argument of our commands that is not plain text, as (command, name, type)."""
    return [
        pytest.param(action.type, id=f"{name} {action.dest}")
        for name, app in sorted(get_commands().items())
        if app in OURS
        for action in load_command_class(app, name).create_parser("manage.py", name)._actions
        if action.type not in (None, str, filled, place)
        # Django's own
        and action.dest != "verbosity"
    ]


@pytest.mark.parametrize("convert", typed_arguments())
@pytest.mark.parametrize("text", ["x", "", "1e", "2026-02-30"])
def test_no_command_answers_with_the_name_of_a_function(
    convert: Callable[[str], object], text: str
) -> None:
    with pytest.raises(ArgumentTypeError, match=r"^.* (is|are) .*\. Write .*\.$"):
        convert(text)


def test_there_are_arguments_to_look_at() -> None:
    assert len(OURS) >= 4
    assert len(typed_arguments()) >= 15


def test_what_the_command_line_says() -> None:
    with pytest.raises(CommandError) as told:
        call_command("merge_labels", "--campaign=x", "--workers=two")
    assert str(told.value) == (
        "Error: argument --workers: 'two' is not a whole number. Write one such as 12."
    )


@pytest.mark.parametrize(
    ("convert", "text", "value"),
    [
        (whole, "-3", -3),
        (positive, "1", 1),
        (port, "0", 0),
        (port, "65535", 65535),
        (finite, "0.05", 0.05),
        (finite, "-1e-3", -0.001),
        (day, "2026-02-28", date(2026, 2, 28)),
    ],
)
def test_values(convert: Callable[[str], object], text: str, value: object) -> None:
    assert convert(text) == value


@pytest.mark.parametrize(
    ("convert", "text"),
    [
        (whole, "1.5"),
        (positive, "0"),
        (positive, "-1"),
        (port, "65536"),
        (port, "-1"),
        (finite, "nan"),
        (finite, "inf"),
        (finite, "0,05"),
        (day, "2026-02-29"),
    ],
)
def test_values_out_of_bounds(convert: Callable[[str], object], text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        convert(text)


@pytest.mark.parametrize("convert", [filled, place])
def test_an_empty_path_is_not_the_current_folder(convert: Callable[[str], object]) -> None:
    """An unset shell variable gives ""."""
    assert str(convert(".")) == "."
    for text in ("", " "):
        with pytest.raises(ArgumentTypeError, match=r"^It is empty\. Give a path; \. is the curr"):
            convert(text)


@pytest.mark.parametrize(
    "line",
    [
        ("import_images", "", "--campaign=x"),
        ("import_labels", "", "--campaign=x"),
        ("set_reference_answers", "", "--campaign=x"),
        ("verify_release", ""),
        ("release_statistics", ""),
        ("publish_release", "", "s3://bucket"),
        ("build_release", "--campaign=x", "--version=1", "--out="),
        ("evaluate_predictions", "--release=", "--predictions=x"),
        ("export_orthographic", "--campaign=x", "--out="),
        ("create_training_trees", "--out="),
    ],
    ids=lambda line: line[0],
)
def test_no_command_takes_an_empty_path(line: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="It is empty"):
        call_command(*line)
