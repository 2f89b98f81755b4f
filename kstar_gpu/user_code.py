"""Code of the user's that is called here: models, data, files of Python. Its failures are marked.

What it raises goes on as it is; the command line tells by the mark that the fault is not its own.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

MARK = "kstar_gpu_raised_by"


@contextmanager
def user_code(what: str) -> Iterator[None]:
    """Within, code of the user's runs: mark what it raises, unless that is marked already.

    Parameters
    ----------
    what : what the code is, such as "the model"
    """
    try:
        yield
    except Exception as error:
        if raised_by(error) is None:
            setattr(error, MARK, what)
        raise


def raised_by(error: BaseException) -> str | None:
    """Return which code of the user's has raised an exception, if any has."""
    return getattr(error, MARK, None)


class UserData:
    """Batches of the user's: any number of passes, failures marked.

    Parameters
    ----------
    batches : a loader that knows its length
    what : what it is, such as "the data"
    """

    def __init__(self, batches: Iterable[Any], what: str) -> None:
        self.batches = batches
        self.what = what

    def __len__(self) -> int:
        return len(self.batches)  # type: ignore[arg-type]  # a TypeError where it has none

    def __iter__(self) -> Iterator[Any]:
        with user_code(self.what):
            batches = iter(self.batches)
        while True:
            with user_code(self.what):
                batch = next(batches, batches)  # itself is no batch
            if batch is batches:
                return
            yield batch
