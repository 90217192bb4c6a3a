from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from ai4mars_site.toolkit.arguments import positive
from ai4mars_site.toolkit.commands import BulkCommand
from simulation import demo


class Command(BulkCommand):
    help = (
        "Create the demo campaign: simulated Mars scenes, synthetic volunteers, and accounts. "
        "Running it again completes an interrupted demo and changes nothing else."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--scenes", type=positive, default=24, metavar="N")
        parser.add_argument("--size", type=positive, default=1024, metavar="PIXELS")

    def handle(self, *args: Any, **options: Any) -> None:
        logins = demo.make_logins()
        if demo.is_complete():
            self.stdout.write("The demo campaign already exists.")
            return
        made = demo.make_scenes(options["scenes"], options["size"], options["workers"])
        for _ in self.progress(made, options["scenes"], "Simulated scenes"):
            pass
        demo.make_reference_answers(options["size"])
        demo.assign_expert_image()
        demo.estimate_skill()
        demo.build_first_release()
        self.stdout.write(f"The demo campaign is ready; the accounts are in {logins}.")
