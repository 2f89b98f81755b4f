"""A function in a process of its own, which may be killed, may crash, and may not take for ever.

The processes are forked from one that has imported everything and computed nothing, so that each
is there in milliseconds and has no thread of another's.
"""

import logging
import multiprocessing
import os
import signal
import time
import warnings
from contextlib import suppress
from typing import Any, NamedTuple

# A library of numpy's starts threads as soon as it is imported; then a fork may not be safe.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["numpy", "torch", "kstar_gpu"])
LIMIT = 100  # seconds after which a call is taken to hang: many times what any should take


class Failure(NamedTuple):
    """An error of another process: its classes by name, from its own to the root, and its text."""

    kinds: tuple[str, ...]
    message: str
    number: int | None = None

    @classmethod
    def of(cls, error):
        kinds = tuple(kind.__name__ for kind in type(error).__mro__)
        return cls(kinds, str(error), getattr(error, "errno", None))

    def __str__(self):
        return f"{self.kinds[0]}: {self.message}"


class Ended(NamedTuple):
    """How a call in another process ended: with a value, an error, a signal, or not at all."""

    value: Any = None
    failure: Failure | None = None
    signal: int = 0
    hung: bool = False

    def __str__(self):
        if self.hung:
            return f"did not end within {LIMIT} s"
        return f"ended by signal {self.signal}" if self.signal else str(self.failure or self.value)

    @property
    def returned(self):
        return not (self.failure or self.signal or self.hung)


class Running:
    """A function that runs in a process of its own, as the leader of a group of them."""

    def __init__(self, function, *arguments):
        self.receiver, sender = CONTEXT.Pipe(duplex=False)
        self.process = CONTEXT.Process(target=_child, args=(sender, function, arguments))
        self.process.start()
        sender.close()
        if not self.receiver.poll(LIMIT):
            self.process.kill()
            raise TimeoutError("a process of its own is wanted, and has not begun")
        self.receiver.recv()  # it is there, in a group of its own

    def kill(self):
        """End it, and whatever it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def wait(self, limit=LIMIT):
        """Return how it ended; if it does not by itself, end it."""
        try:
            if not self.receiver.poll(limit):
                return Ended(hung=True)
            value, failure = self.receiver.recv()
            return Ended(value, failure)
        except EOFError:
            self.process.join(limit)
            return Ended(signal=-(self.process.exitcode or 0))
        finally:
            self.kill()
            self.process.join()
            self.receiver.close()


def call(function, *arguments, kill_after=None, limit=LIMIT):
    """Return how a function ends in a process of its own, which may be killed on the way."""
    running = Running(function, *arguments)
    if kill_after is not None and not running.receiver.poll(kill_after):
        running.kill()
    return running.wait(limit)


def together(calls, kill_after=None):
    """Return how functions end that run at the same time, each in a process of its own.

    Parameters
    ----------
    calls : tuples of a function and its arguments
    kill_after : seconds, for each; None for those that are not killed
    """
    running = [Running(*one) for one in calls]
    start = time.monotonic()
    deaths = sorted(
        (after, number) for number, after in enumerate(kill_after or []) if after is not None
    )
    for after, number in deaths:
        time.sleep(max(0.0, start + after - time.monotonic()))
        running[number].kill()
    return [one.wait() for one in running]


def _child(sender, function, arguments):
    os.setsid()
    warnings.simplefilter("ignore")
    logging.disable()
    sender.send("here")
    try:
        outcome = function(*arguments), None
    except BaseException as error:
        outcome = None, Failure.of(error)
    sender.send(outcome)
