"""A sweep in an object store, by fsspec: files come whole and go whole, and are worked on here.

What a sweep reads it fetches into a folder of its own first, and there every file is checked as on
any disk, by the sum that it ends in: of an upload that was broken off, or two that crossed, nothing
is believed. Nobody claims anything in a store, which need not have files that only one can create:
who does the same work puts the same there.
"""

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, TypeVar

from ..extras import import_extra
from ..files import PARTIAL, make_folder, write_whole
from .outcome_files import is_of_a_sweep

T = TypeVar("T")

# One letter is a drive of Windows. Others may follow one another, as in simplecache::s3://bucket.
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]+://.*", re.DOTALL)
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
PATIENCE = 30  # seconds in which a store that is there has answered; some try again for minutes
TRIAL = f".trial{PARTIAL}"  # what is put, and removed, to see whether a store takes anything


class ObjectStore:
    """A sweep's place in an object store, and the folder where it is worked on.

    Parameters
    ----------
    system : of fsspec
    root : where in it
    folder : which holds copies, as a sweep's directory would
    address : what the place is called
    """

    def __init__(self, system: Any, root: str, folder: Path, address: str) -> None:
        self.system = system
        self.root = root.rstrip("/")
        self.folder = folder
        self.address = address.rstrip("/")

    def has_any(self) -> bool:
        """Return whether there is anything yet.

        Raises
        ------
        OSError
            If the store does not say so.
        """

        def listed() -> bool:
            self.system.invalidate_cache()
            with suppress(FileNotFoundError, NotADirectoryError):
                return bool(self.system.ls(self.root, detail=False))
            return False

        return _answer(listed, f"out: {self.address} cannot be read")

    def check_takes(self) -> None:
        """See that something can be put there, and removed, as a sweep does.

        Raises
        ------
        OSError
            If not: there is no such bucket, say.
        """
        place = f"{self.root}/{TRIAL}"

        def tried() -> None:
            self._put(place, b"\n")
            with suppress(FileNotFoundError):  # another process has removed it
                self.system.rm_file(place)

        _answer(tried, f"out: {self.address} cannot be written to")

    def fetch(self, folder: Path) -> None:
        """Bring the files of a model and data set here, as they are now."""
        place = self._object(folder)
        self.system.invalidate_cache()  # what others have put there meanwhile is asked for
        with suppress(FileNotFoundError, NotADirectoryError):
            self._bring(folder, self.system.ls(place, detail=False))

    def fetch_all(self) -> None:
        """Bring the files of all models and data sets here."""
        self.system.invalidate_cache()
        found: dict[PurePosixPath, list[str]] = {}
        for name in self.system.find(self.root):
            found.setdefault(PurePosixPath(name).parent, []).append(name)
        for place, names in found.items():
            folder = self.folder.joinpath(*place.parts[-2:])
            if self._object(folder).strip("/") == str(place).strip("/"):
                self._bring(folder, names)

    def push(self, path: Path) -> None:
        """Let there be of a file what is here: all of it in one step, or nothing."""
        place = self._object(path)
        if not path.exists():
            with suppress(FileNotFoundError):
                self.system.rm_file(place)
            return
        self._put(place, path.read_bytes())

    def named(self, text: str) -> str:
        """Return what is said of copies, of what they are copies of."""
        return text.replace(str(self.folder), self.address)

    def _put(self, place: str, content: bytes) -> None:
        try:
            self.system.pipe_file(place, content)
        except FileNotFoundError:
            if not place.startswith("/") and not self.system.root_marker:
                raise  # there is no such bucket, and it is not ours to make one
            # No store of objects, but of folders, which are made first.
            self.system.makedirs(place.rpartition("/")[0], exist_ok=True)
            self.system.pipe_file(place, content)

    def _object(self, path: Path) -> str:
        return f"{self.root}/{path.relative_to(self.folder).as_posix()}"

    def _bring(self, folder: Path, names: list[str]) -> None:
        """Copy what is a sweep's of these objects; a store takes names that lead elsewhere here."""
        places = folder.relative_to(self.folder).parts
        for name in names:
            own = PurePosixPath(name).name
            if is_of_a_sweep(own) and ".." not in places and Path(own).name == own:
                with suppress(FileNotFoundError):  # it was taken away just now
                    content = self.system.cat_file(name)
                    make_folder(self.folder, *places)
                    write_whole(folder / own, content)


@contextmanager
def kept_at(
    out: str | os.PathLike[str] | None,
) -> Iterator[tuple[Path, ObjectStore | None]]:
    """Give the folder that a sweep is kept in, and the store that it is a copy of, if it is one.

    An error from within names what is in the store by its address.

    Parameters
    ----------
    out : path, or an address such as s3://bucket/runs

    Raises
    ------
    ValueError
        For a path that was an address; for a scheme that fsspec does not know.
    ImportError
        Without fsspec, or what it needs for such an address.
    OSError
        If a store is out of reach, where that is known at once.
    """
    if not is_address(out):
        path = Path("" if out is None else out)
        if SCHEME.fullmatch(next(iter(path.parts), "")):
            raise ValueError(
                f"out: an address is wanted as text, which a path has bent, got {path}"
            )
        yield path, None
        return
    assert isinstance(out, str)
    core = import_extra("fsspec.core", "stores", f"out={out!r} needs fsspec")
    try:
        system, root = core.url_to_fs(out)
    except ImportError as error:
        raise ImportError(f"out={out!r} needs a package of its own: {error}") from error
    except ValueError as error:
        raise ValueError(f"out: an address is wanted, got {out!r}: {error}") from error
    except Exception as error:  # of any library that talks to stores
        raise OSError(f"out: {out} cannot be reached: {_named(error)}") from error
    if isinstance(system, core.get_filesystem_class("file")):
        yield Path(root), None
        return
    with TemporaryDirectory(prefix="kstar-") as folder:
        store = ObjectStore(system, root, Path(folder), out)
        try:
            yield store.folder, store
        except ValueError as error:
            error.args = tuple(
                store.named(str(value)) if isinstance(value, str | Path) else value
                for value in error.args
            )
            raise


def check_place(out: str | os.PathLike[str] | None) -> None:
    """See that a sweep can be kept there, before anything is computed, if it is a store.

    Raises
    ------
    ValueError, ImportError
        As for `kept_at`.
    OSError
        For a store that does not answer; for one that has nothing there yet and takes nothing.
    """
    with kept_at(out) as (_, store):
        if store is not None and not store.has_any():
            store.check_takes()


def is_address(out: object) -> bool:
    """Whether this is where something is in a store, and no path."""
    return isinstance(out, str) and ADDRESS.fullmatch(out) is not None


def absolute(out: str | os.PathLike[str] | None) -> str | os.PathLike[str] | None:
    """Return where that is for a process which works in another folder, too."""
    if out is None or is_address(out):
        return out
    return os.path.abspath(out)


def _answer(ask: Callable[[], T], failing: str) -> T:
    """Return what a store answers; what goes wrong is named, and not waited for without end."""
    future = Future[T]()

    def run() -> None:
        try:
            future.set_result(ask())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, daemon=True).start()  # such that no exit waits for it, either
    wait([future], PATIENCE)
    if not future.done():
        raise TimeoutError(f"{failing}: no answer within {PATIENCE} seconds")
    error = future.exception()
    if isinstance(error, Exception):
        raise OSError(f"{failing}: {_named(error)}") from error
    return future.result()


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
