"""A thread of its own for a computation: it has its own workers of torch, and new ones."""

import ctypes
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 0.5  # seconds until we look again: a signal, or being told to stop, may get lost


def in_own_thread(compute: Callable[[], T]) -> T:
    """Return what a computation gives in a new thread, or raise what it raises.

    Whatever interrupts the waiting, such as Ctrl-C, stops the computation before it is raised.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    running: list[int] = []
    abandoned, done = threading.Event(), threading.Event()

    def run() -> None:
        running.append(threading.get_ident())
        with suppress(_Stopped):
            try:
                if not abandoned.is_set():
                    results.append(compute())
            except BaseException as error:
                errors.append(error)
            finally:
                done.set()

    thread = threading.Thread(target=run, name="kstar", daemon=True)
    try:
        _start(thread)
        while not done.wait(PATIENCE):
            pass
    except BaseException:
        abandoned.set()
        while running and thread.is_alive():
            _stop(running[0])
            with suppress(BaseException):  # another Ctrl-C
                thread.join(PATIENCE)
        raise
    thread.join()
    if errors:
        raise errors.pop()
    return results[0]


def _start(thread: threading.Thread) -> None:
    try:
        thread.start()
    except RuntimeError as error:  # the system has no room for another one
        raise MemoryError(str(error)) from None


class _Stopped(BaseException):
    """Ends a computation that nobody waits for any more."""


def _stop(thread: int) -> None:
    """Raise `_Stopped` in a thread, where it runs Python next: after a few operations of torch."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(_Stopped))
