"""Progress bars: of tqdm, which is loaded only where one is shown.

tqdm's own lock is shared with forked children: one that is killed while it holds it would stop its
parent for ever. And a thread of tqdm's watches all bars. Ours have neither.
"""

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from tqdm import tqdm

T = TypeVar("T")


def each(items: Iterable[T], show: bool, name: str, unit: str = "it") -> Iterable[T]:
    """Return the items; they move a bar on as they are taken, if it is to be shown."""
    if not show:
        return items
    shown: Iterable[T] = _bars()(items, desc=name, unit=unit)
    return shown


class Counter:
    """How far something is: it moves a bar, if there is one.

    Attributes
    ----------
    done : how much of it
    """

    def __init__(self, bar: "tqdm[Any] | None") -> None:
        self._bar = bar

    def add(self, pieces: int) -> None:
        """Say that more pieces are done."""
        if self._bar is not None:
            self._bar.update(pieces)

    def reach(self, done: int, pieces: int) -> None:
        """Say how many of all pieces are done."""
        if self._bar is not None:
            self._bar.total = pieces
            self._bar.update(done - self._bar.n)


@contextmanager
def counter(show: bool, name: str, unit: str, total: int | None = None) -> Iterator[Counter]:
    """Give a counter whose bar, if it is to be shown, is there as long as the context."""
    if not show:
        yield Counter(None)
        return
    with _bars()(desc=name, unit=unit, total=total) as bar:
        yield Counter(bar)


@cache
def _bars() -> "type[tqdm[Any]]":
    """Return tqdm's class with a lock of this process alone, and nobody who watches."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[type-arg]  # generic in stubs alone
        monitor_interval = 0
        _lock = threading.RLock()

    def renew_lock() -> None:
        Bar._lock = threading.RLock()

    if hasattr(os, "register_at_fork"):  # another thread may hold it while this one forks
        os.register_at_fork(after_in_child=renew_lock)
    return Bar
