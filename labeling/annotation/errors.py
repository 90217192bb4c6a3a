"""Errors about images and labels that several services raise."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.errors import Forbidden, Gone, NotFound


class UnknownImage(NotFound):
    code = "unknown_image"
    message = _("There is no such picture. Load the next one.")


class RetiredImage(Gone):
    code = "retired_image"
    message = _(
        "This picture was removed from the project, so it needs no drawing. Load the next one."
    )


class NotAssigned(Forbidden):
    """The image was not given to this labeler, or the labeler has finished it."""

    code = "not_assigned"
    message = _("This picture was not given to you. Ask for the next one instead.")


class UnknownLabel(NotFound):
    code = "unknown_label"
    message = _("You have no such drawing.")
