"""Hashes of Python's values: of what they hold and compute, never of where they are in memory."""

import argparse
import hashlib
import io
import re
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cached_property, partial, partialmethod
from numbers import Number
from types import CodeType, FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._ops import OpOverload, OpOverloadPacket
from torch.utils.hooks import RemovableHandle

from .reached_code import bases_of, contents_of, is_own, is_own_file, names_in, original, stored_in
from .tensor_parts import gathered, is_plain, is_spread, parts_of, plain_bytes

SCALARS = (type(None), bool, int, float, complex, str, bytes, Enum, Number, np.generic)
SCALARS_OF_TORCH = (torch.dtype, torch.layout, torch.memory_format, torch.qscheme, torch.device)
DEVICES = ("cpu", "cuda", "mps", "xpu")
NAMESPACES = (SimpleNamespace, argparse.Namespace)
BUILT = ("__init__", "__new__", "__repr__")  # what they made is hashed itself

Token = str | bytes | memoryview


class ValueHash:
    """Hashes values of any type: equal ones alike, in every process.

    One's own functions count by their bytecode, which depends on the version of Python, and with
    what they reach by name; those of Python, torch and installed packages by their names. Devices
    count as one. Where one's own code counted, `code_of` is that version.
    """

    def __init__(self) -> None:
        self.code_of: str | None = None
        self._known: dict[
            int, tuple[Any, bytes]
        ] = {}  # with the value, so that no other takes its id
        self._open: list[int] = []

    def of(self, value: Any) -> bytes:
        """Return the hash of a value."""
        if id(value) in self._known:
            return self._known[id(value)][1]
        if id(value) in self._open:
            return f"cycle {len(self._open) - self._open.index(id(value))}".encode()
        self._open.append(id(value))
        digest = hashlib.sha256()
        for token in self._tokens(value):
            content = token.encode() if isinstance(token, str) else token
            digest.update(len(content).to_bytes(8, "big"))  # so that no two lists run together
            digest.update(content)
        self._open.pop()
        if not isinstance(value, Tensor):  # those are many, and large
            self._known[id(value)] = (value, digest.digest())
        return digest.digest()

    def _tokens(self, value: Any) -> Iterator[Token]:
        """Yield what makes a value what it is; parts of it as their hashes."""
        value = original(value)
        if isinstance(value, SCALARS + SCALARS_OF_TORCH):
            yield _scalar(value)
        elif isinstance(value, Tensor | np.ndarray):
            yield from self._of_numbers(value)
        elif isinstance(value, Mapping):
            yield "mapping"
            for item in value.items():
                yield from map(self.of, item)
        elif isinstance(value, list | tuple | deque):
            yield "sequence"
            yield from map(self.of, value)
        elif isinstance(value, set | frozenset):
            yield "set"
            yield from sorted(map(self.of, value))
        elif isinstance(value, slice | range):
            yield type(value).__name__
            yield from map(self.of, (value.start, value.stop, value.step))
        elif isinstance(value, type):
            yield from self._of_class(value)
        else:
            yield from self._of_callable_or_object(value)

    def _of_numbers(self, value: Any) -> Iterator[Token]:
        if isinstance(value, np.ndarray):
            yield f"array {value.dtype.str} {value.shape}"
            if value.dtype.hasobject:
                yield self.of(value.tolist())
            else:
                yield value.tobytes()
            return
        value = gathered(value) if is_spread(value) else value
        if is_plain(value):
            yield f"tensor {value.dtype} {tuple(value.shape)}"
            yield plain_bytes(value)
            return
        kind, parts = parts_of(value)
        yield kind
        yield from map(self.of, parts)

    def _of_callable_or_object(self, value: Any) -> Iterator[Token]:
        if isinstance(value, FunctionType):
            yield from self._of_function(value)
        elif isinstance(value, MethodType):
            yield from map(self.of, (value.__func__, value.__self__))
        elif isinstance(value, partial | partialmethod):
            yield from map(self.of, ("partial", value.func, value.args, value.keywords))
        elif isinstance(value, property):
            yield from map(self.of, ("property", value.fget))
        elif isinstance(value, cached_property):
            yield self.of(value.func)
        elif isinstance(value, ModuleType):
            yield f"module {value.__name__}"
        elif isinstance(value, io.BytesIO):  # as some give for their extra state
            yield value.getvalue()
        elif isinstance(value, torch.jit.ScriptFunction):
            yield graph_text(value.inlined_graph)
        elif isinstance(value, torch.ScriptObject):  # packed weights
            state: Any = value.__getstate__()
            yield self.of(state)
        elif isinstance(value, OpOverload | OpOverloadPacket):
            yield str(value)
        elif callable(value) and not hasattr(value, "__dict__"):  # compiled: relu, exp
            yield f"{getattr(value, '__module__', '')}.{getattr(value, '__name__', '')}"
        else:
            yield from self._of_object(value)

    def _of_function(self, function: FunctionType) -> Iterator[Token]:
        if is_own(function):
            self.code_of = sys.implementation.cache_tag
            yield f"function {self.code_of}"
            yield from self._of_code(function.__code__, function.__doc__)
            yield from self._of_globals(function)
        else:
            yield f"function {function.__module__}.{function.__qualname__}"
        yield self.of(function.__defaults__)
        yield self.of(function.__kwdefaults__)
        yield from map(self.of, map(contents_of, function.__closure__ or ()))

    def _of_code(self, code: CodeType, doc: str | None = None) -> Iterator[Token]:
        """Yield what code does: neither its lines, nor its file, nor its documentation."""
        yield code.co_code
        yield " ".join(code.co_names)
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from self._of_code(constant)
            else:
                yield self.of(None if constant == doc else constant)

    def _of_globals(self, function: FunctionType) -> Iterator[Token]:
        """Yield what code names outside itself: of a run are those that it writes."""
        names = names_in(function.__code__)
        around = function.__globals__
        places: list[Mapping[str, Any]] = [around]
        imported = (around.get(name) for name in sorted(names))
        modules = (each for each in imported if isinstance(each, ModuleType))
        places += [vars(module) for module in modules if is_own_file(module.__name__)]
        for place in places:
            for name in sorted(names - stored_in(function.__code__)):
                if name in place and not name.startswith("__"):
                    yield name
                    yield self.of(place[name])

    def _of_class(self, cls: type) -> Iterator[Token]:
        for base in bases_of(cls):
            if not is_own(base):
                yield f"class {base.__module__}.{base.__qualname__}"
                continue
            yield f"class {base.__name__}"
            for name, definition in sorted(vars(base).items()):
                functional = callable(definition) or isinstance(
                    definition, property | staticmethod | classmethod | cached_property
                )
                if name not in BUILT and (functional or not name.startswith("__")):
                    yield name
                    yield self.of(definition)

    def _of_object(self, value: Any) -> Iterator[Token]:
        """Yield the class and the attributes; of what is Python's own, the class alone.

        Loggers, locks and handles decide no results, and hold what differs from run to run.
        """
        cls = type(value)
        yield self.of(cls)
        top = cls.__module__.partition(".")[0]
        if cls is RemovableHandle or (top in sys.stdlib_module_names and cls not in NAMESPACES):
            return
        slots = [slot for base in cls.__mro__ for slot in getattr(base, "__slots__", ())]
        held = {name: getattr(value, name) for name in slots if hasattr(value, name)}
        for name, part in sorted({**held, **getattr(value, "__dict__", {})}.items()):
            if top != "torch" or isinstance(part, SCALARS):  # torch's own keep caches, too
                yield name
                yield self.of(part)


def graph_text(graph: object) -> str:
    """Return a graph of TorchScript as text, without files, and shapes as they were traced."""
    text = re.sub(r"#.*|, scope: .*|___torch_mangle_\d+\.", "", str(graph))
    return re.sub(r"\b[A-Z]\w*\([^()]*\)", "Tensor", text)


def _scalar(value: Any) -> str:
    if isinstance(value, torch.device) or (
        isinstance(value, str) and value.partition(":")[0] in DEVICES
    ):
        return "device"
    if isinstance(value, np.generic):
        return f"{value.dtype.str} {value.item()!r}"
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    return f"{type(value).__name__} {value!r}"
