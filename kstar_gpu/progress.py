"""Progress bars: of tqdm, which is loaded only where one is shown.

Where nobody says whether one is wanted (None), it is shown if somebody watches and it takes long.

tqdm's own lock is shared with forked children: one that is killed while it holds it would stop its
parent for ever. And a thread of tqdm's watches all bars. Ours have neither.
"""

import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from tqdm import tqdm

T = TypeVar("T")
LONG = 2.0  # seconds, after which one wants to know


def is_shown(show: bool | None) -> bool:
    """Whether a bar is shown: as it is wanted or, for None, where somebody watches."""
    return _is_watched() if show is None else show


def each(items: Iterable[T], show: bool | None, name: str, unit: str = "it") -> Iterable[T]:
    """Return the items; they move a bar on as they are taken, if it is to be shown."""
    if not is_shown(show):
        return items
    shown: Iterable[T] = _bars()(items, desc=name, unit=unit, delay=_delay(show))
    return shown


class Counter:
    """How far something is: it moves a bar, if there is one.

    Attributes
    ----------
    done : how much of it
    """

    def __init__(self, bar: "tqdm[Any] | None") -> None:
        self._bar = bar

    @property
    def shown(self) -> bool:
        """Whether there is a bar."""
        return self._bar is not None

    def name(self, name: str) -> None:
        """Say what is done now, at once."""
        if self._bar is not None:
            self._bar.set_description(name)

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
def counter(show: bool | None, name: str, unit: str, total: int | None = None) -> Iterator[Counter]:
    """Give a counter whose bar, if it is to be shown, is there as long as the context."""
    if not is_shown(show):
        yield Counter(None)
        return
    with _bars()(desc=name, unit=unit, total=total, delay=_delay(show)) as bar:
        yield Counter(bar)


def _delay(show: bool | None) -> float:
    return LONG if show is None else 0


def _is_watched() -> bool:
    """Whether stderr is a terminal, or the cell of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = getattr(ipython, "get_ipython", lambda: None)()
    if type(shell).__name__ == "ZMQInteractiveShell":  # a kernel's, whose stderr is no terminal
        return True
    return sys.stderr is not None and sys.stderr.isatty()


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
