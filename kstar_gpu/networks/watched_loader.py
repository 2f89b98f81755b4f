"""A loader that is gone through more than once has to give the same each time: it is watched."""

import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from torch import Tensor

from .tensor_parts import is_plain, parts_of, plain_bytes
from .value_hashes import ValueHash

# Torch's generator is one for all threads: one of them that seeds it, makes a model and draws its
# parameters, is not to find another one drawing in between.
seeding = threading.RLock()
PLACES = ("inputs", "labels")  # of a batch that is a pair


class Pass:
    """What one pass over a loader has given so far: samples, and a hash of each part of batches.

    Batches of another size are the same data, where they are of plain tensors.
    """

    def __init__(self) -> None:
        self.samples = 0
        self.agreed = False  # with an earlier pass, as far as that one came
        self.unread: dict[str, str] = {}
        self._digests: dict[str, Any] = {}
        self._kinds: dict[str, str] = {}

    def add(self, batch: Any) -> None:
        """Take one batch."""
        samples = 0
        for name, value in _parts(batch):
            digest = self._digests.setdefault(name, hashlib.sha256(name.encode()))
            try:
                kind, content = _kind_and_content(value)
            except (ValueError, RuntimeError, TypeError) as error:
                self.unread[name] = str(error)
                continue
            if self._kinds.get(name) != kind:  # only where it changes
                digest.update(kind.encode())
                self._kinds[name] = kind
            digest.update(content)
            if isinstance(value, Tensor) and value.ndim:
                samples = samples or value.size(0)
        self.samples += samples

    def hashes(self) -> dict[str, str]:
        """Return a hash of each part of the batches.

        Raises
        ------
        ValueError
            If some could not be read.
        """
        for name, why in self.unread.items():
            raise ValueError(f"{name} cannot be compared with those of another pass: {why}")
        return {name: digest.hexdigest() for name, digest in sorted(self._digests.items())}

    def __str__(self) -> str:
        hashes = (f"{name} {value[:8]}" for name, value in self.hashes().items())
        return f"{self.samples} samples ({', '.join(hashes)})"


class WatchedLoader:
    """A loader that refuses to give anything else than it gave before.

    Parameters
    ----------
    batches : what to go through
    name : of the data set
    keep_first : whether to keep a copy of the first batch (a model may work in place on its inputs)

    Attributes
    ----------
    first : the first batch, if it is kept
    samples : of a whole pass, 0 until there was one
    why_again : what made another pass necessary, for the message
    """

    def __init__(
        self, batches: Iterable[Any], name: str = "data", keep_first: bool = False
    ) -> None:
        self.batches = batches
        self.name = name
        self.keep_first = keep_first
        self.first: Any = None
        self.why_again = ""
        self._earlier: Pass | None = None  # the one that came furthest
        self._whole = False  # whether that one came to the end
        self._now: Pass | None = None

    def __len__(self) -> int:
        return len(self.batches)  # type: ignore[arg-type]  # a TypeError where it has none

    def __iter__(self) -> Iterator[Any]:
        before = self._now  # broken off, if it is not the earlier one
        if before and not (self._earlier and before.samples <= self._earlier.samples):
            self._earlier = before
        now = self._now = Pass()
        with seeding:  # a DataLoader draws a seed for its workers
            batches = iter(self.batches)
        for batch in batches:
            now.add(batch)
            self._compare(now, ended=False)
            if self.keep_first and self.first is None:
                self.first = _copied(batch)
            yield batch
        self._compare(now, ended=True)
        self._earlier, self._whole = now, True

    @property
    def samples(self) -> int:
        """How many samples a whole pass has given."""
        return self._earlier.samples if self._earlier and self._whole else 0

    @property
    def fingerprint(self) -> str:
        """Hash of all inputs and labels in their order; "" until they have all been read.

        Raises
        ------
        ValueError
            If there are tensors whose numbers cannot be read.
        """
        if self._earlier is None or not self._whole:
            return ""
        try:
            hashes = self._earlier.hashes()
        except ValueError as error:
            raise ValueError(f"loaders: {self.name!r}: {error}") from error
        return hashlib.sha256("".join(hashes.values()).encode()).hexdigest()

    def read(self) -> None:
        """Read all batches, for the fingerprint alone, if they have not been read already."""
        if not self._whole:
            for _ in self:
                pass

    def _compare(self, now: Pass, ended: bool) -> None:
        """See that a pass gives what the earlier one gave."""
        earlier = self._earlier
        if earlier is None:
            return
        if now.samples == earlier.samples:
            same = now.agreed = now.hashes() == earlier.hashes()
        elif now.samples < earlier.samples:
            same = not ended
        else:
            same = now.agreed and not self._whole
        if not same:
            raise ValueError(self._difference(now, earlier, ended))

    def _difference(self, now: Pass, earlier: Pass, ended: bool) -> str:
        came_to = "" if self._whole else ", which was broken off there"
        why = f" Another pass was needed: {self.why_again}." if self.why_again else ""
        return (
            f"loaders: {self.name!r} must give the same samples in the same order each time; this "
            f"pass gave {now}{' in all' if ended else ' so far'}, an earlier one {earlier}"
            f"{came_to}.{why} A stream that is used up, shuffle=True and random transformations "
            "give others each time: give a loader that begins anew, or its batches as a list, or "
            "one model and only layers that can be recorded at a time"
        )


def _parts(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the tensors and numbers in a batch by name; texts, such as paths, are no inputs."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _parts(part, f"{name}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        places = PLACES if not name and len(value) > 1 else ()
        for position, part in enumerate(value):
            place = places[position] if position < len(places) else str(position)
            yield from _parts(part, f"{name}.{place}".lstrip("."))
    elif isinstance(value, Tensor | bool | int | float | None):
        yield name, value


def _copied(value: Any) -> Any:
    """Return a batch with tensors of its own."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, Mapping):
        return {key: _copied(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [*map(_copied, value)]
    return value


def _kind_and_content(value: Any) -> tuple[str, bytes | memoryview]:
    """Return what values of a part have in common, and what this one holds."""
    while isinstance(value, Tensor) and not is_plain(value):
        kind, parts = parts_of(value)
        if len(parts) != 1 or not isinstance(parts[0], Tensor):
            return kind, ValueHash().of(value)
        value = parts[0]
    if isinstance(value, Tensor):
        return f"{value.dtype} {tuple(value.shape[1:])}", plain_bytes(value)
    return repr(value), b""
