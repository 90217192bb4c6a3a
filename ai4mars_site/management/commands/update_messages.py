from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from ai4mars_site import messages


class Command(BaseCommand):
    help = (
        "Update locale/*/LC_MESSAGES/django.po from the sentences of the source, and print how "
        "many need a translation."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        template = messages.extract(settings.BASE_DIR)
        for folder in settings.LOCALE_PATHS:
            for path in sorted(Path(folder).glob("*/LC_MESSAGES/django.po")):
                messages.update(path, template)
                catalog = messages.read(path)
                missing = len(messages.untranslated(catalog, template))
                self.stdout.write(f"{catalog.locale}: {missing} of {len(template)} to translate")
