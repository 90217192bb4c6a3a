from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.arguments import whole
from labeling.models import Labeler
from labeling.people.services import erasing


class Command(BaseCommand):
    help = (
        "Erase a person: name, mail address, password, and the link to what they drew. Labels "
        "and ratings stay. Existing releases do not change; later ones of the campaigns they "
        "labeled in use other pseudonyms. This cannot be undone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("username", nargs="?", help="an account")
        who.add_argument(
            "--labeler",
            type=whole,
            metavar="NUMBER",
            help="a guest or a name from an import, by its id in the admin site",
        )
        parser.add_argument("--no-input", action="store_true", help="do not ask for confirmation")

    def handle(self, *args: Any, **options: Any) -> None:
        name, number = options["username"], options["labeler"]
        user = User.objects.filter(username=name).first() if name else None
        labeler = Labeler.objects.filter(pk=number).select_related("user").first()
        if labeler is not None and labeler.user is not None:
            user, labeler = labeler.user, None
        if user is None and labeler is None:
            raise CommandError(
                f"There is no {f'account {name!r}' if name else f'labeler {number}'}."
            )
        shown = user.get_username() if user else str(labeler)
        if (
            not options["no_input"]
            and input(f"Erase {shown}? This cannot be undone. Type yes: ") != "yes"
        ):
            raise CommandError("Nobody was erased.")
        actor = Actor.of_command(self)
        if user is not None:
            erasing.erase_account(actor, user)
        elif labeler is not None:
            erasing.erase_labeler(actor, labeler)
        self.stdout.write("Erased.")
