"""Runs functions of the drawing page's TypeScript in Node, to compare them with Python's."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.served import REPOSITORY


class TypeScript:
    """Exports of static/src in Node: `expression` is evaluated with `given` and the `imports`.

    `imports` are JavaScript import lines with paths from static/src. folder: for the bundle. Each
    call starts a Node process, so give it much to do at once.
    """

    def __init__(self, folder: Path, imports: str, expression: str) -> None:
        entry = folder / "entry.ts"
        self.bundle = folder / "bundle.mjs"
        source = (REPOSITORY / "static" / "src").as_posix()
        entry.write_text(
            'import { readFileSync } from "node:fs";\n'
            + imports.replace('from "', f'from "{source}/')
            + '\nconst given: any = JSON.parse(readFileSync(0, "utf8"));\n'
            + f"process.stdout.write(JSON.stringify({expression}));\n"
        )
        self._run(
            "node_modules/.bin/esbuild",
            str(entry),
            "--bundle",
            "--format=esm",
            "--platform=node",
            "--log-level=warning",
            f"--outfile={self.bundle}",
        )

    def __call__(self, given: Any) -> Any:
        """Return the expression's value for this `given`; both are JSON (Infinity and NaN are
        null).
        """
        return json.loads(self._run("node", str(self.bundle), stdin=json.dumps(given)))

    @staticmethod
    def _run(*command: str, stdin: str = "") -> str:
        done = subprocess.run(
            ["bin/with-node", *command],
            cwd=REPOSITORY,
            input=stdin,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout
