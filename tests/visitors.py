"""The browser of a visitor without an account: it keeps cookies and offers."""

from __future__ import annotations

import re
from typing import Any

from rest_framework.test import APIClient


class Visitor(APIClient):
    """Draws like the page: each save is sent with the offer of its image."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.offers: dict[int, str] = {}

    def post(self, path: str, data: Any = None, *args: Any, **extra: Any) -> Any:
        response = super().post(path, data, *args, **self._with_offer(path, data, extra))
        self._remember(response)
        return response

    def put(self, path: str, data: Any = None, *args: Any, **extra: Any) -> Any:
        return super().put(path, data, *args, **self._with_offer(path, data, extra))

    def _with_offer(self, path: str, data: Any, extra: dict[str, Any]) -> dict[str, Any]:
        in_path = re.match(r"/api/images/(\d+)/", path)
        image = int(in_path[1]) if in_path else data.get("image") if isinstance(data, dict) else 0
        offer = self.offers.get(image)
        return extra if offer is None else {"HTTP_X_OFFER": offer, **extra}

    def _remember(self, response: Any) -> None:
        if not response.get("Content-Type", "").startswith("application/json"):
            return
        answer = response.json()
        for task in (answer, *answer.get("ahead", ())):
            if task.get("offer"):
                self.offers[task["image"]["id"]] = task["offer"]
