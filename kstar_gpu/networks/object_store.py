"""A sweep in an object store, by fsspec: files come whole and go whole, and are worked on here.

What a sweep reads it fetches into a folder of its own first, and there every file is checked as on
any disk, by the sum that it ends in: of an upload that was broken off, or two that crossed, nothing
is believed. Nobody claims anything in a store, which need not have files that only one can create:
who does the same work puts the same there.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from ..extras import import_extra
from ..files import make_folder, write_whole
from .outcome_files import is_of_a_sweep

# One letter is a drive of Windows. Others may follow one another, as in simplecache::s3://bucket.
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]+://.*", re.DOTALL)
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


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
        content = path.read_bytes()
        try:
            self.system.pipe_file(place, content)
        except FileNotFoundError:  # no store of objects, but of folders, which are made first
            self.system.makedirs(place.rpartition("/")[0], exist_ok=True)
            self.system.pipe_file(place, content)

    def named(self, text: str) -> str:
        """Return what is said of copies, of what they are copies of."""
        return text.replace(str(self.folder), self.address)

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
    system, root = core.url_to_fs(out)
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


def is_address(out: object) -> bool:
    """Whether this is where something is in a store, and no path."""
    return isinstance(out, str) and ADDRESS.fullmatch(out) is not None


def absolute(out: str | os.PathLike[str] | None) -> str | os.PathLike[str] | None:
    """Return where that is for a process which works in another folder, too."""
    if out is None or is_address(out):
        return out
    return os.path.abspath(out)
