"""Stores of objects, for fsspec: one in memory, which is as they should be, and broken ones."""

from threading import Event

import fsspec
from fsspec import AbstractFileSystem
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

from kstar_gpu.networks.object_store import TRIAL

put = []  # which objects, in turn


class Objects(MemoryFileSystem):
    """A store as those of objects are: no file is written piece by piece."""

    protocol = "objects"
    store = dict()  # noqa: RUF012  # one of its own
    broken_after = None  # bytes of the next object, when the upload is broken off

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.replace("objects://", "memory://"))

    def _open(self, path, mode="rb", **options):
        if mode != "rb":
            raise AssertionError(f"{path} is written piece by piece")
        return super()._open(path, mode, **options)

    def pipe_file(self, path, value, **options):
        path = self._strip_protocol(path)
        if path.endswith(TRIAL):
            self.store[path] = MemoryFile(self, path, value)
            return
        limit, Objects.broken_after = Objects.broken_after, None
        self.store[path] = MemoryFile(self, path, value[:limit])
        put.append(path)
        if limit is not None:
            raise KeyboardInterrupt


class Broken(AbstractFileSystem):
    """Stores that take nothing, each for a reason of its own."""

    protocol = "broken"
    go_on = Event()  # of one that says nothing

    def ls(self, path, detail=True, **options):
        bucket = path.partition("/")[0]
        if bucket == "silent":
            self.go_on.wait()
        if bucket == "denied":
            raise PermissionError("not for you")
        if bucket == "unreachable":
            raise Exception("no such host")
        if bucket == "finished":
            return [path]
        raise FileNotFoundError(path)

    def find(self, path, **options):
        raise AssertionError(f"{path} was asked for")

    def pipe_file(self, path, value, **options):
        raise FileNotFoundError("there is no bucket") if "missing" in path else OSError("read-only")

    def makedirs(self, path, exist_ok=False):
        raise AssertionError(f"{path} was made")


fsspec.register_implementation("objects", Objects, clobber=True)
fsspec.register_implementation("broken", Broken, clobber=True)
fsspec.register_implementation("lacking", "no_such_package.Store", True, "Install no-such-package")
