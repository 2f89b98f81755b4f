"""Look-ups by name that say, where there is nothing of that name, what there is."""

import difflib
from collections.abc import Iterable
from typing import TypeVar

from .names import one_line

V = TypeVar("V")
MOST_NAMES = 20


class UnknownKeyError(KeyError):
    """There is nothing of that key. Its text is a sentence, not the key in quotes."""

    def __str__(self) -> str:
        return str(self.args[0])


class Known(dict[str, V]):
    """A dict whose KeyError names what there is.

    Parameters
    ----------
    As of a dict, by names.
    """

    def __missing__(self, key: object) -> V:
        raise UnknownKeyError(f"there is none named {key!r}; {there_is(key, self)}")


def there_is(key: object, names: Iterable[str]) -> str:
    """Return in words the names that are close to one, else all of them, as far as that is short.

    Parameters
    ----------
    key : that was asked for
    names : that there are
    """
    known = list(dict.fromkeys(names))
    close = difflib.get_close_matches(key, known) if isinstance(key, str) else []
    if close:
        return one_line(f"close names: {', '.join(map(repr, close))} (of {len(known)})")
    shown = ", ".join(map(repr, known[:MOST_NAMES])) or "none"
    more = f" and {len(known) - MOST_NAMES} more" if len(known) > MOST_NAMES else ""
    return one_line(f"there are: {shown}{more}")
