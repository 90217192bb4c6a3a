"""The shared cache of rate limits and bit planes. The site works without it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class TolerantRedisCache(RedisCache):
    """Django's Redis cache, which acts as an empty cache when the server is unreachable.

    Rate limits then do not apply and labels are rasterized again, but the site still answers.
    """

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return _tolerate(
            lambda: super(TolerantRedisCache, self).get(key, default, version), default
        )

    def set(self, key: Any, value: Any, timeout: Any = None, version: int | None = None) -> None:
        _tolerate(lambda: super(TolerantRedisCache, self).set(key, value, timeout, version), None)

    def add(self, key: Any, value: Any, timeout: Any = None, version: int | None = None) -> bool:
        # True means "the key was free": code that takes a lock this way must not wait forever.
        return _tolerate(
            lambda: super(TolerantRedisCache, self).add(key, value, timeout, version), True
        )

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return _tolerate(lambda: super(TolerantRedisCache, self).incr(key, delta, version), delta)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return _tolerate(lambda: super(TolerantRedisCache, self).get_many(keys, version), {})

    def set_many(self, data: Any, timeout: Any = None, version: int | None = None) -> list[Any]:
        return _tolerate(
            lambda: super(TolerantRedisCache, self).set_many(data, timeout, version),
            list(data),
        )

    def delete(self, key: Any, version: int | None = None) -> bool:
        return _tolerate(lambda: super(TolerantRedisCache, self).delete(key, version), False)


def _tolerate(ask: Callable[[], Answer], without: Answer) -> Answer:
    try:
        return ask()
    except RedisError as error:
        logger.warning("The cache does not answer (%s).", error)
        return without
