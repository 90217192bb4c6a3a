"""Bulk work in the foreground: one function for many items, in one or several processes."""

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

#: Passes items through and shows progress; the second argument is the total.
Track = Callable[[Iterable[Any], int], Iterator[Any]]

#: Items submitted ahead of their results: enough to keep the processes busy, few enough that memory
#: does not grow with the number of items.
AHEAD_PER_WORKER = 4
#: New objects that trigger garbage collection in a worker process; Python's default is 700.
GARBAGE_AT_ONCE = 50_000


def each(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int = 1
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in the order of the items.

    With more than one worker, fresh processes share the work; `function` and the items must then be
    picklable. `function` is sent to each process once, so it may carry large shared data. An
    exception in `function` is raised when its result is requested.
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
    """Yield the items in lists of `size`; the last one may be shorter. Items are read lazily."""
    ahead = iter(items)
    while chunk := list(islice(ahead, size)):
        yield chunk


# The function that this process of the pool runs
_function: Callable[[Any], Any]


def _start_process(pickled: bytes) -> None:
    """Set up Django, then unpickle `function`, which may refer to models."""
    global _function
    django.setup()
    _function = pickle.loads(pickled)
    # Imported modules stay in memory. Without this, garbage collection took a fifth of the time of
    # a function that reads much JSON.
    gc.freeze()
    gc.set_threshold(GARBAGE_AT_ONCE)


def _call(item: Any) -> Any:
    return _function(item)
