"""Calls by somebody's executor: whatever has `submit(function, *arguments)` and gives futures.

Such as those of concurrent.futures, `dask.distributed.Client.get_executor()`, submitit's. Of a
future only `done()`, `result()` and, if it has that, `cancel()` are used.
"""

import os
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

import torch

from ..progress import counter

ROUND = 0.05  # seconds from one look at the futures to the next
FIRST = os.getpid()  # in a process that was forked from one that had imported this, another one


def results_of(
    executor: Any,
    function: Callable[..., Any],
    calls: Sequence[tuple[Any, ...]],
    progress: bool | None,
    name: str,
) -> Generator[tuple[int, Any], None, None]:
    """Yield the number of each call with its result, as they end.

    Whatever ends this early, an error of a call or Ctrl-C, what has not begun is cancelled.

    Parameters
    ----------
    executor : with `submit`
    function : can be pickled, where the executor needs that, and so can be
    calls : arguments of each
    progress : whether to show a progress bar
    name : of the bar
    """
    futures: dict[int, Any] = {}
    try:
        for number, arguments in enumerate(calls):
            futures[number] = executor.submit(in_worker, function, *arguments)
            _check_future(futures[number])
        with counter(progress, name, "pair", len(calls)) as bar:
            while futures:
                ended = [number for number, future in futures.items() if future.done()]
                for number in ended:
                    result = futures.pop(number).result()
                    bar.add(1)
                    yield number, result
                if not ended:
                    time.sleep(ROUND)
    finally:
        for future in futures.values():
            if hasattr(future, "cancel"):
                future.cancel()


def check_executor(executor: Any) -> None:
    """Refuse what takes no calls."""
    if not callable(getattr(executor, "submit", None)):
        raise TypeError(
            "executor: something with submit(function, *arguments) is wanted, got "
            f"{type(executor).__name__}"
        )


def in_worker(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function; in a process that was forked, without the threads of torch's.

    The parent's are not there, and torch would wait for them for ever.
    """
    if os.getpid() != FIRST:
        torch.set_num_threads(1)
    return function(*arguments)


def _check_future(future: Any) -> None:
    if not (hasattr(future, "done") and hasattr(future, "result")):
        raise TypeError(
            "executor: its submit is wanted to return a future, with done() and result(), got "
            f"{type(future).__name__}"
        )
