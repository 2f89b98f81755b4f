"""Hubs of weights: that one is out of reach is told at once, not after a minute of asking."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

PATIENCE = 3.0  # seconds for an answer
HUB = "huggingface_hub"


@contextmanager
def loading(what: str, address: str | None) -> Iterator[bool]:
    """Within, a library loads from a hub, or from what it has kept. Gives whether to ask the hub.

    Parameters
    ----------
    what : is loaded, such as "timm's resnet18"
    address : of the hub; None where nothing is asked for

    Raises
    ------
    ConnectionError
        If the library does not have it, and the hub cannot be reached.
    """
    if address is None or is_reachable(address):
        yield True
        return
    constants: Any = getattr(sys.modules.get(HUB), "constants", None)
    before = getattr(constants, "HF_HUB_OFFLINE", None)
    if constants is not None:
        constants.HF_HUB_OFFLINE = True  # it would ask five times, and wait in between
    try:
        yield False
    except OSError as error:
        raise ConnectionError(
            f"model: {what} has not been loaded before, and {urlsplit(address).hostname} cannot be "
            "reached; give its weights with --checkpoint, or load it where there is a network"
        ) from error
    finally:
        if constants is not None:
            constants.HF_HUB_OFFLINE = before


def is_reachable(address: str) -> bool:
    """Whether a host answers; what a proxy reaches is not known."""
    parts = urlsplit(address)
    if parts.scheme in getproxies():
        return True
    port = parts.port or (80 if parts.scheme == "http" else 443)
    answered = threading.Event()

    def ask() -> None:
        with suppress(OSError), socket.create_connection((parts.hostname, port), PATIENCE):
            answered.set()
        done.set()

    # In a thread: nothing else bounds how long a name is looked for.
    done = threading.Event()
    threading.Thread(target=ask, daemon=True).start()
    done.wait(PATIENCE)
    return answered.is_set()


def hub_address() -> str | None:
    """Return where huggingface_hub loads from, if it is there and not told to ask nobody."""
    with suppress(ImportError):
        from huggingface_hub import constants

        return None if constants.HF_HUB_OFFLINE else str(constants.ENDPOINT)
    return None
