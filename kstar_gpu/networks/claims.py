"""Who works in a folder: one process at a time, and none that is gone.

    FOLDER/claim.3    the third claim: host, process, when it was started, and a token of its own

A claim is a file that only one can create. That of the highest number counts. Whoever finds that
its process is gone creates the next, and so has taken over; then it looks whether what it judged is
still what was there, or else withdraws. On one host processes tell whether they are gone; of
another host's, a claim is over that nobody has touched while this process has watched for a minute:
clocks of two hosts are never compared.
"""

import json
import logging
import os
import re
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from ..files import DamagedFileError, create_file, open_plain_file
from ..names import one_line
from .processes import is_gone, this_process

log = logging.getLogger(__name__)

NAME = re.compile(r"claim\.([1-9][0-9]*)")
BEAT = 10.0  # seconds from one touch of a claim to the next
PATIENCE = (
    60.0  # seconds without one after which a claim is over, of whose process nothing is known
)
ROUND = 0.2  # seconds from one look to the next
held: set[str] = set()  # tokens of this process's claims that are not released


class Found(NamedTuple):
    """A claim as it was found: its number, what it says, and when it was last touched."""

    number: int
    text: str
    touched: int


class Claim:
    """A folder that this process works in, until it is released.

    Parameters
    ----------
    folder : path
    number : of the claim

    Raises
    ------
    FileExistsError
        If another one has that number.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder
        self.number = number
        self.token = secrets.token_hex(8)
        self.path = folder / f"claim.{number}"
        self._process = os.getpid()
        self._over = threading.Event()
        with create_file(self.path) as file:
            try:
                held.add(self.token)
                unwritten = json.dumps({**this_process(), "token": self.token}).encode()
                while unwritten:  # a full disk may take a part
                    unwritten = unwritten[file.write(unwritten) :]
            except BaseException:
                self.path.unlink()
                raise

    def __enter__(self) -> "Claim":
        try:
            threading.Thread(target=self._touch, name="claim", daemon=True).start()
        except RuntimeError:  # there is no room for one
            self.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def release(self) -> None:
        """Work there no longer. In a process that was forked meanwhile, nothing is done."""
        if os.getpid() != self._process:
            return
        held.discard(self.token)  # first: should this be interrupted, it is over nevertheless
        self._over.set()
        with suppress(OSError):  # the folder may be gone, too
            for number in _numbers(self.folder):
                if number < self.number:  # of processes that are gone
                    with suppress(OSError):  # or a folder, which is left
                        (self.folder / f"claim.{number}").unlink()
            if self.token in _read(self.folder, self.number).text:
                self.path.unlink()

    def counts(self, judged: Found | None) -> bool:
        """Whether it is the highest one, and what was judged to be over is what came before it."""
        if max(_numbers(self.folder), default=0) != self.number:
            return False
        return judged is None or _read(self.folder, judged.number) == judged

    def _touch(self) -> None:
        while not self._over.wait(BEAT):
            with suppress(OSError):
                os.utime(self.path)


def wait_for_claim(folder: Path) -> Claim:
    """Claim a folder, as soon as no other process works there."""
    watched: Found | None = None
    since, told = 0.0, ""
    while True:
        found = _highest(folder)
        if found != watched:
            watched, since = found, time.monotonic()
        claim = _take(folder, found, time.monotonic() - since)
        if claim is not None:
            return claim
        if found is not None and found.text != told:
            log.warning("%s: waiting until %s is done there", folder, _whose(found.text))
            told = found.text
        # Not two in step.
        time.sleep(ROUND / 2 + ROUND * secrets.randbelow(100) / 100)


def claim_at_once(folder: Path) -> Claim | None:
    """Claim a folder, if no other process works there."""
    return _take(folder, _highest(folder), 0.0)


def is_claimed(folder: Path) -> bool:
    """Whether another process works there, or may: what is to be watched first is not over."""
    try:
        found = _highest(folder)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return found is not None and _is_over(found.text) is not True


def claims_in(folder: Path) -> bool:
    """Whether there are claims, be they over or not."""
    return bool(_numbers(folder))


def _take(folder: Path, found: Found | None, seconds: float) -> Claim | None:
    """Create the next claim, if the one that was found, and watched for so long, is over."""
    if found is not None:
        gone = _is_over(found.text)
        if gone is False or (gone is None and seconds < PATIENCE):
            return None
    try:
        claim = Claim(folder, 1 if found is None else found.number + 1)
    except FileExistsError:
        return None
    if claim.counts(found):
        return claim
    held.discard(claim.token)
    claim.path.unlink()
    return None


def _is_over(text: str) -> bool | None:
    """Whether nobody works by a claim; None where that cannot be known."""
    says = _said(text)
    if says == {**this_process(), "token": says.get("token")}:
        # Or else it was lost, as when Ctrl-C came at a bad moment.
        return str(says["token"]) not in held
    return is_gone(says)


def _whose(text: str) -> str:
    """Return whose claim this is, for a message."""
    says = _said(text)
    if not {"pid", "host"} <= says.keys():
        return "another process"
    return one_line(f"process {says['pid']} on {str(says['host']).partition(' ')[0]}")


def _said(text: str) -> dict[str, Any]:
    """Return what a claim says; nothing, while it is being written, or if it never was."""
    try:
        says = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return says if isinstance(says, dict) else {}


def _numbers(folder: Path) -> list[int]:
    """Return the numbers of all claims."""
    matches = map(NAME.fullmatch, os.listdir(folder))
    return [int(match[1]) for match in matches if match is not None]


def _highest(folder: Path) -> Found | None:
    """Return the claim that counts."""
    number = max(_numbers(folder), default=0)
    return _read(folder, number) if number else None


def _read(folder: Path, number: int) -> Found:
    """Return a claim; one that says nothing, where there is none any more, or no file."""
    try:
        # Opened, since a file system of several hosts then asks for the time anew.
        with open_plain_file(folder / f"claim.{number}") as file:
            text = file.read(4096).decode(errors="replace")
            return Found(number, text, os.fstat(file.fileno()).st_mtime_ns)
    except (FileNotFoundError, DamagedFileError):
        return Found(number, "", 0)
