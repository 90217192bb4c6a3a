"""Bulk work in the foreground: the same function for each item, in one process or several."""

from __future__ import annotations

import gc
import multiprocessing
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import Any, TypeVar

import django

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Passes items through while it shows how far the work is, of so many.
Track = Callable[[Iterable[Any], int], Iterator[Any]]

#: Work handed out ahead of its results: enough to keep processes busy, little enough that memory
#: does not grow with the number of items.
AHEAD_PER_WORKER = 4
#: New objects after which a process looks for garbage; Python does so after 700.
GARBAGE_AT_ONCE = 50_000


def each(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int = 1
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in the order of the items.

    With more than one worker, fresh processes share the work; `function` and the items must then
    be picklable. A process is sent `function` once, so it may carry what the items have in common,
    however large. An exception of `function` is raised here, in its turn.
    """
    if workers <= 1:
        yield from map(function, items)
        return
    # Fresh processes, not forks: a forked database connection would be shared.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start_process, (pickle.dumps(function),)) as pool:
        ahead: deque[Future[Result]] = deque()
        for item in items:
            ahead.append(pool.submit(_call, item))
            if len(ahead) >= workers * AHEAD_PER_WORKER:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of `size`, the last one shorter; nothing is taken before it is needed."""
    ahead = iter(items)
    while chunk := list(islice(ahead, size)):
        yield chunk


# In a process of the pool: what it was started for
_function: Callable[[Any], Any]


def _start_process(pickled: bytes) -> None:
    """Make Django ready; only then can `function` be read, which may know of models."""
    global _function
    django.setup()
    _function = pickle.loads(pickled)
    # All that was imported stays. To look through it for garbage after every few hundred new lists
    # takes a fifth of the time of a function that reads much JSON.
    gc.freeze()
    gc.set_threshold(GARBAGE_AT_ONCE)


def _call(item: Any) -> Any:
    return _function(item)
