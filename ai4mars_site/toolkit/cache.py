"""The shared cache: rate limits, and labels' bit planes. The site must work without it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, except that a server that is away is an empty cache and not an error.

    Then rate limits do not hold and labels are rasterized anew, which is better than a site that
    answers nothing.
    """

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return _forgive(
            lambda: super(ForgivingRedisCache, self).get(key, default, version), default
        )

    def set(self, key: Any, value: Any, timeout: Any = None, version: int | None = None) -> None:
        _forgive(lambda: super(ForgivingRedisCache, self).set(key, value, timeout, version), None)

    def add(self, key: Any, value: Any, timeout: Any = None, version: int | None = None) -> bool:
        # True, "it was not there": whoever takes a lock this way must not wait for ever.
        return _forgive(
            lambda: super(ForgivingRedisCache, self).add(key, value, timeout, version), True
        )

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return _forgive(lambda: super(ForgivingRedisCache, self).incr(key, delta, version), delta)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return _forgive(lambda: super(ForgivingRedisCache, self).get_many(keys, version), {})

    def set_many(self, data: Any, timeout: Any = None, version: int | None = None) -> list[Any]:
        return _forgive(
            lambda: super(ForgivingRedisCache, self).set_many(data, timeout, version), list(data)
        )

    def delete(self, key: Any, version: int | None = None) -> bool:
        return _forgive(lambda: super(ForgivingRedisCache, self).delete(key, version), False)


def _forgive(ask: Callable[[], Answer], without: Answer) -> Answer:
    try:
        return ask()
    except RedisError as error:
        logger.warning("The cache does not answer (%s).", error)
        return without
